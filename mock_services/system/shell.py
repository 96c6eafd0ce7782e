"""Remove environment variables of other programs: libpq's variables and proxies, for servers on 127.0.0.1."""

import os
import re

LOOPBACK = "127.0.0.1,localhost,::1"
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def ignore_foreign_variables() -> None:
    """Unset libpq's variables and SOCKS proxies, and exclude loopback from proxies, in this process."""
    for name in [name for name in os.environ if re.match(r"PG[A-Z]", name)]:
        del os.environ[name]
    for name in [name for name in os.environ if name.lower() in PROXIES]:
        if os.environ[name].lower().startswith("socks"):
            del os.environ[name]
    for name in ("no_proxy", "NO_PROXY"):
        hosts = os.environ.get(name, "")
        if "127.0.0.1" not in hosts.split(","):
            os.environ[name] = f"{hosts},{LOOPBACK}" if hosts else LOOPBACK
