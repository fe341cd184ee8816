"""A small OMA DM device and server to try things on. They are mocks, and honest about it: they speak the protocol as a real
Windows 11 device and a plain server do, over real HTTP and TLS, and manage nothing."""
