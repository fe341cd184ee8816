"""`omadm lab`: a device and a server to try things on."""

import concurrent.futures
import signal
import ssl
import threading
from pathlib import Path

import click

from replay.capture.access import cannot_be_written
from replay.cli.exits import stop
from replay.cli.options import address, answer_timeout_option
from replay.cli.suite import command as suite
from replay.cli.tls import device_tls
from replay.lab.device import SCENARIOS, DeviceError, LabDevice, Outcome
from replay.lab.device import VARIANTS as DEVICE_VARIANTS
from replay.lab.server import VARIANTS as SERVER_VARIANTS
from replay.lab.server import LabServer
from replay.report.safe import visible


def _list(variants: dict[str, str]) -> str:
    return "\n".join(f"  {name:<20} {what}" for name, what in variants.items())


@click.group("lab")
def command() -> None:
    """A small OMA DM server and device to try things on, without real ones."""


@command.command("server", epilog="\b\nVariants:\n" + _list(SERVER_VARIANTS))
@click.option("--listen", type=address, default="127.0.0.1:0", metavar="HOST:PORT", help="Where to listen; port 0 takes a "
              "free one.  [default: 127.0.0.1:0]")  # fmt: skip
@click.option("--tls", is_flag=True, help="Speak TLS, with a certificate made for this run.")
@click.option(
    "--ca-out", metavar="FILE", help="Where to write the certificate authority of --tls, for devices to trust."
)
@click.option("--client-ca", metavar="FILE", help="With --tls: demand a certificate of this authority, in PEM, from whoever "
              "connects.")  # fmt: skip
@click.option("--trust-proxy", is_flag=True, help="Take the device's certificate from the Client-Cert header (RFC 9440) that "
              "`omadm record --forward-client-cert` adds.")  # fmt: skip
@click.option("--unenroll", metavar="PROVIDER_ID", help="Send an Exec Unenroll in each device's next session.")
@click.option("--variant", type=click.Choice(list(SERVER_VARIANTS)), default="good", show_default=True, metavar="NAME")
def server(
    listen: tuple[str, int],
    tls: bool,
    ca_out: str | None,
    client_ca: str | None,
    trust_proxy: bool,
    unenroll: str | None,
    variant: str,
) -> None:
    """Answer any device, until SIGINT or SIGTERM. Prints its URL to stdout."""
    if client_ca is not None and not tls:
        raise click.UsageError("--client-ca needs --tls: certificates are shown in TLS alone")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    context = _server_tls(listen[0], ca_out, client_ca) if tls else None
    try:
        lab = LabServer(*listen, tls=context, unenroll=unenroll, variant=variant, trust_proxy=trust_proxy)
    except OSError as error:
        stop(f"{listen[0]}:{listen[1]}: cannot listen there: {error.strerror or error}")
    with lab:
        click.echo(lab.url)
        stopped.wait()
    for shown in lab.certificates:
        click.echo(
            f"certificate of a device: {visible(shown.subject or 'unreadable')}, SHA-256 {shown.sha256}", err=True
        )
    click.echo(f"{lab.received} messages received, {len(lab.unenrolled)} alerts taken", err=True)


def _server_tls(host: str, ca_out: str | None, client_ca: str | None) -> ssl.SSLContext:
    import trustme

    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(
        "localhost",
        "127.0.0.1",
        "::1",
        *([host] if host not in ("", "0.0.0.0", "::") else []),  # noqa: S104
    ).configure_cert(context)
    if ca_out is not None:
        try:
            Path(ca_out).write_bytes(ca.cert_pem.bytes())
        except OSError as error:
            stop(cannot_be_written(ca_out, error))
    if client_ca is not None:
        try:
            context.load_verify_locations(client_ca)
        except OSError as error:  # ssl.SSLError is one
            stop(f"{client_ca}: cannot be used as certificates: {error}")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@command.command("certs")
@click.option("-o", "--output", default="certs", show_default=True, metavar="DIR", help="The folder.")
def certs(output: str) -> None:
    """Make certificates to try mutual TLS with: ca.pem, and device.pem and proxy.pem, which it issued, with their keys."""
    import trustme

    ca = trustme.CA()
    folder = Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ca.cert_pem.write_to_path(folder / "ca.pem")
        for name in ("device", "proxy"):
            cert = ca.issue_cert(f"{name}@example.com", common_name=f"the lab's {name}")
            cert.private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")
    except OSError as error:
        stop(cannot_be_written(output, error))
    click.echo(f"{folder}: ca.pem, device.pem, proxy.pem")


@command.command("device", epilog="\b\nVariants:\n" + _list(DEVICE_VARIANTS))
@click.option("--to", "url", required=True, metavar="URL", help="The server, or the proxy before it.")
@click.option("--scenario", type=click.Choice(list(SCENARIOS)), default="ordinary", show_default=True)
@click.option("--variant", type=click.Choice(list(DEVICE_VARIANTS)), default="good", show_default=True, metavar="NAME")
@click.option(
    "--count", type=click.IntRange(1, 1000), default=1, show_default=True, metavar="N", help="N devices at a time."
)
@click.option("--device", "device_id", metavar="ID", help="The device's id; made up where it is not given.")
@click.option("--wbxml", is_flag=True, help="Speak WBXML, not XML.")
@click.option("--ca", metavar="FILE", help="The certificate authority to trust, in PEM (mitmproxy's, say).")
@click.option("--cert", metavar="FILE", help="The device's own certificate and key, in PEM.")
@answer_timeout_option
def device(
    url: str,
    scenario: str,
    variant: str,
    count: int,
    device_id: str | None,
    wbxml: bool,
    ca: str | None,
    cert: str | None,
    timeout: float,
) -> None:
    """Run the device's side once. Ends with 0 when everything was sent that the scenario asks for."""
    tls = device_tls(ca, cert) if url.lower().startswith("https:") else None

    def run(number: int) -> Outcome:
        name = device_id if device_id is None or count == 1 else f"{device_id}-{number + 1}"
        return LabDevice(url, device_id=name, tls=tls, timeout=timeout, variant=variant, wbxml=wbxml).run(scenario)

    with concurrent.futures.ThreadPoolExecutor(max_workers=count) as pool:
        runs = [pool.submit(run, number) for number in range(count)]
    failures = [str(error) for each in runs if isinstance(error := each.exception(), DeviceError)]
    outcomes = [each.result() for each in runs if each.exception() is None]
    sent, answered = sum(o.sent for o in outcomes), sum(o.answered for o in outcomes)
    click.echo(f"{len(outcomes)} of {count} devices done: {sent} messages sent, {answered} answered")
    if scenario == "server" and not all(o.exec_seen for o in outcomes):
        failures.append(f"{url}: the server sent no Exec Unenroll, so no alert was due")
    if failures:
        stop("\n".join(sorted(set(failures))))
    for each in runs:
        each.result()


command.add_command(suite)
