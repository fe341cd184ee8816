"""TLS of a device that this project plays: whom it trusts, and the certificate that it shows."""

import ssl

from replay.cli.exits import stop


def device_tls(ca: str | None, cert: str | None) -> ssl.SSLContext:
    """The TLS of a device: `ca` is the authority to trust (the system's where it is None), `cert` its certificate and key, both
    files in PEM. Ends the command where they cannot be used."""
    try:
        context = ssl.create_default_context(cafile=ca)
        if cert is not None:
            context.load_cert_chain(cert)
    except OSError as error:  # ssl.SSLError is one
        stop(f"{ca or ''} {cert or ''}: cannot be used as certificates: {error}".strip())
    return context
