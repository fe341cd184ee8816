"""omadm-replay: record, judge, replay and compare OMA DM (SyncML) traffic of devices that leave management."""

__version__ = "0.1.0"
