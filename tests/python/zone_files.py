"""Puts octoDNS's own test zones into the account record by record, reads each zone's file back, and compares both as
DNS data. Prints a line for each record that is refused, and for each that came back otherwise.

usage: zone_files.py ACCOUNT FOLDER   (BASE and TOKEN in the environment)"""

import json
import os
import sys
import urllib.error
import urllib.request

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.zone
from octodns.provider.yaml import YamlProvider
from octodns.zone import Zone

account, folder = sys.argv[1:]


def call(method, path, body=None):
    request = urllib.request.Request(f"{os.environ['BASE']}/v2/{account}{path}", method=method)
    request.add_header("Authorization", f"Bearer {os.environ['TOKEN']}")
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, json.dumps(body).encode() if body else None) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def texts(record):
    if record._type in ("TXT", "SPF"):
        return record.chunked_values
    values = record.values if hasattr(record, "values") else [record.value]
    return [value.to_rdata_text() for value in values]


for name in ("unit.tests", "subzone.unit.tests", "sub.txt.unit.tests"):
    zone = Zone(f"{name}.", [])
    YamlProvider("files", folder, supports_root_ns=True).populate(zone, lenient=True)
    assert call("POST", "/domains", {"name": name})[0] == 201
    origin, wanted, sent = dns.name.from_text(f"{name}."), set(), 0
    for record in sorted(zone.records, key=lambda record: (record.name, record._type)):
        for text in texts(record):
            if record._type == "NS" and not record.name:
                continue
            body = {"name": record.name, "type": record._type, "ttl": record.ttl, "content": text}
            if record._type in ("MX", "SRV"):
                priority, body["content"] = text.split(" ", 1)
                body["priority"] = int(priority)
            sent += 1
            status, said = call("POST", f"/zones/{name}/records", body)
            if status != 201:
                print("refused", record._type, text, "|", json.dumps(said.get("errors", said)))
                continue
            rdata = dns.rdata.from_text("IN", record._type, text, origin=origin, relativize=False)
            wanted.add((dns.name.from_text(record.name, origin), record.ttl, rdata))
    text = call("GET", f"/zones/{name}/file")[1]["data"]["zone"]
    back = dns.zone.from_text(text, origin=origin, relativize=False)
    found = {
        (owner, ttl, rdata)
        for owner, ttl, rdata in back.iterate_rdatas()
        if rdata.rdtype != dns.rdatatype.SOA and not (rdata.rdtype == dns.rdatatype.NS and owner == origin)
    }
    for one in wanted ^ found:
        print("changed", *one)
    print(name, sent, "records,", len(wanted & found), "kept")
