"""What the service itself is like: settings that the law or readers miss, rules, feeds, the daemon's sign of life, ways of mail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from alerts.doctor.finding import Finding, fine, problem, skipped, warning
from alerts.errors import AlertsError, SettingsError
from alerts.feeds.trouble import is_network
from alerts.feeds.verdict import report
from alerts.jobs.context import Context
from alerts.mail.dkim import load_keys
from alerts.mail.headers import mail_address
from alerts.mail.mailboxes import open_mailbox
from alerts.mail.overrides import examine_overrides
from alerts.mail.rates import parse_limits, parse_warm_up
from alerts.mail.transport import make_transport
from alerts.rules.lint import lint
from alerts.store import feeds, outbox
from alerts.store.facts import TICK_FACT, load_fact
from alerts.web.page_overrides import examine_pages

SILENT = timedelta(minutes=10)
"""The daemon looks for work every few seconds; ten minutes without is a stop."""


def examine_settings(context: Context) -> Iterator[Finding]:
    """Look for settings that are missing for real use."""
    settings = context.settings
    base = urlsplit(settings.base_url)
    local = base.hostname in {"127.0.0.1", "localhost", "::1"}
    if local:
        yield warning("base URL", f"the links in mails lead to {base.hostname}, which is each reader's own machine", "set ALERTS_BASE_URL")
    elif base.scheme != "https":
        yield problem("base URL", "the links in mails are http:, and one-click unsubscribe has to be https (RFC 8058)", "put TLS in front")
    else:
        yield fine("base URL", settings.base_url)
    for name, value, why in (
        ("postal address", settings.postal_address, "the law asks for it in many countries"),
        ("contact", settings.contact, "readers need somebody to turn to, and the law says so"),
        ("operator address", settings.operator_address, "or nobody hears when a source dies or rules are broken"),
        ("user agent contact", settings.user_agent_contact, "publishers write to it before they block you"),
    ):
        if not value:
            yield warning(name, "not set", f"set ALERTS_{name.upper().replace(' ', '_')}: {why}")


def examine_limits(context: Context) -> Iterator[Finding]:
    """Read the settings that the sender reads only when there is mail."""
    settings = context.settings
    for read, value in ((parse_limits, settings.send_domains), (parse_warm_up, settings.send_warm_up)):
        try:
            read(value)
        except SettingsError as error:
            yield problem("sender's limits", str(error), "no mail leaves until it is mended")


def examine_signing(context: Context) -> Iterator[Finding]:
    """Look whether there is a key that signs for the sender's domain; what the DNS says of it is another matter."""
    domain = mail_address(context.settings.sender_address).rpartition("@")[2].lower()
    try:
        keys = load_keys(context.settings.dkim_keys)
    except SettingsError as error:
        yield problem("DKIM keys", str(error), "no mail leaves until it is mended")
        return
    if keys and not any(domain == key.domain or domain.endswith(f".{key.domain}") for key in keys):
        yield problem("DKIM keys", f"no key signs for {domain}, so DMARC will not count it", "make a key for the sender's domain")


def examine_templates(context: Context) -> Iterator[Finding]:
    """Make mails of every kind with the home's templates, and read its pages; say nothing where it has none."""
    found = examine_overrides(context.home.templates)
    bad = (*found.broken, *examine_pages(context.home.templates))
    for broken in bad:
        yield problem("templates", str(broken), f"mend or remove {context.home.templates / broken.file}")
    for name in found.unknown:
        yield warning("templates", f"{name} is no name of a template, so it is never used", "its name must be that of a shipped one")
    if found.used and not bad:
        yield fine("templates", f"{len(found.used)} of the home's own are used")


def examine_rules(context: Context) -> Iterator[Finding]:
    """Look at the rules in force. That they compile is known: there would be no context else."""
    findings = lint(context.rules, today=context.clock.now().date())
    doubtful = sum(each.level == "warning" for each in findings)
    if doubtful:
        yield warning("rules", f"{len(context.rules.rules)} in force, {doubtful} lint warnings", "see: alerts rules check")
    else:
        yield fine("rules", f"{len(context.rules.rules)} rules in force, set {context.rules.hash}")


def examine_feeds(context: Context) -> Iterator[Finding]:
    """Look at the health of all feeds."""
    now = context.clock.now()
    with context.database.read() as connection:
        states = feeds.load_all(connection)
    reports = {feed.id: report(feed, states.get(feed.id), now) for feed in context.catalog.feeds}
    verdicts = {name: each.verdict for name, each in reports.items()}
    count = Counter(verdicts.values())
    bad = sorted(name for name, verdict in verdicts.items() if verdict in {"dead", "silent", "held", "rebuilt", "flood"})
    told = ", ".join(f"{number} {verdict}" for verdict, number in sorted(count.items()))
    if not count or count["new"] == len(verdicts) - count["off"]:
        yield skipped("feeds", "none was visited yet", "run: alerts poll")
    elif is_network(list(reports.values())):
        yield warning("feeds", f"{told}: so many at once that it may be our own network", "check network, proxy and DNS of this machine")
    elif bad:
        named = ", ".join(bad[:5]) + (f" and {len(bad) - 5} more" if len(bad) > 5 else "")
        yield warning("feeds", f"{told}; see to {named}", "what each needs: alerts feeds status")
    else:
        yield fine("feeds", told)


def examine_daemon(context: Context) -> Iterator[Finding]:
    """Look for the daemon's last sign of life, and for mail that waits too long."""
    now = context.clock.now()
    with context.database.read() as connection:
        tick = load_fact(connection, TICK_FACT)
        waiting = outbox.oldest_due(connection)
    if tick is None:
        yield skipped("daemon", "it never ran on this database", "start it: alerts run")
    elif now - tick[0] > SILENT:
        yield problem(
            "daemon", f"its last sign of life is of {tick[0]:%Y-%m-%d %H:%M} UTC", "start it: alerts run; its log says why it stopped"
        )
    else:
        yield fine("daemon", "it ticks")
    if waiting is not None and now - waiting > timedelta(hours=1):
        yield warning(
            "outbox", f"mail is due since {waiting:%Y-%m-%d %H:%M} UTC", "see what the mail server says: alerts send, alerts status"
        )


async def examine_mail(context: Context) -> Iterator[Finding]:
    """Connect, secure and log in to the mail server as the sender does; open the mailbox of bounces."""
    found: list[Finding] = []
    url = context.settings.mail_url.get_secret_value()
    if url.startswith("maildir:"):
        found.append(warning("mail server", "mails go into a Maildir, not to readers", "set ALERTS_MAIL_URL=smtp://user:password@host:587"))
    else:
        transport = make_transport(url, connections=1)
        try:
            await transport.open()
            await transport.close()
            found.append(fine("mail server", "it answers, is secured as the URL asks, and takes our login"))
        except AlertsError as error:
            found.append(problem("mail server", str(error), "check ALERTS_MAIL_URL: host, port, user, password, starttls"))
    bounces = context.settings.bounce_url.get_secret_value()
    if not bounces:
        found.append(warning("bounces", "nobody reads what comes back", "set ALERTS_BOUNCE_URL, or pipe it to: alerts bounces read --pipe"))
        return iter(found)
    try:
        open_mailbox(bounces).close()
        found.append(fine("bounces", "the mailbox can be opened"))
    except AlertsError as error:
        found.append(problem("bounces", str(error), "check ALERTS_BOUNCE_URL"))
    return iter(found)
