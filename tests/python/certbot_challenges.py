"""certbot's DNSimple plugin, through the challenges of some names and its cleaning up, as certbot
itself calls it. There is no ACME server, so no one looks the records up.

usage: certbot_challenges.py CREDENTIALS NAME...
"""

import sys

import josepy
from acme import challenges, messages
from certbot import achallenges
from certbot._internal import cli
from certbot._internal.display import obj as display
from certbot._internal.plugins.disco import PluginsRegistry
from cryptography.hazmat.primitives.asymmetric import rsa

credentials, names = sys.argv[1], sys.argv[2:]
display.set_display(display.NoninteractiveDisplay(sys.stderr))
plugins = PluginsRegistry.find_all()
options = [
    "certonly",
    "--authenticator=dns-dnsimple",
    f"--dns-dnsimple-credentials={credentials}",
    "--dns-dnsimple-propagation-seconds=0",
    *(f"--{place}-dir=." for place in ("config", "work", "logs")),
]
plugin = plugins["dns-dnsimple"].init(cli.prepare_and_parse_args(plugins, options))
key = josepy.JWKRSA(key=rsa.generate_private_key(public_exponent=65537, key_size=2048))


def challenge(number, name):
    return achallenges.KeyAuthorizationAnnotatedChallenge(
        challb=messages.ChallengeBody(
            chall=challenges.DNS01(token=bytes([number]) * 16),
            uri="http://127.0.0.1/challenge",
            status=messages.STATUS_PENDING,
        ),
        identifier=messages.Identifier(typ=messages.IDENTIFIER_FQDN, value=name),
        account_key=key,
    )


pending = [challenge(number, name) for number, name in enumerate(names)]
plugin.perform(pending)
plugin.cleanup(pending)
for one in pending:
    print(one.validation_domain_name(one.identifier.value), one.validation(key))
