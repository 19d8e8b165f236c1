"""octoDNS's provider for DNSimple at another address, for which it has no setting."""

from octodns_dnsimple import DnsimpleProvider


class At(DnsimpleProvider):
    def __init__(self, id, base, **settings):
        super().__init__(id, **settings)
        self._client.base = f"{base}/v2/"
