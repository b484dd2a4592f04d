import json
import sys

from fhirpy import SyncFHIRClient

url, folder = sys.argv[1:]


def read(name):
    with open(f"{folder}/{name}", encoding="utf-8") as file:
        return json.load(file)


client = SyncFHIRClient(url, authorization="Bearer sandbox-ordering-provider")
request = read("request.json")
request["entry"][0]["resource"]["identifier"][0]["value"] = "client-fhirpy"
answer = client.execute("Claim/$submit", method="post", data=request)
response = answer["entry"][0]["resource"]
assert (response["resourceType"], response["outcome"]) == ("ClaimResponse", "complete"), response
inquiry = json.loads(json.dumps(request))
inquiry["entry"][0]["resource"]["identifier"][0]["value"] = "inquiry-fhirpy"
del inquiry["entry"][0]["resource"]["item"]
found = client.execute("Claim/$inquire", method="post", data=inquiry)
assert response["id"] in [part["resource"]["entry"][0]["resource"]["id"] for part in found["parameter"]], found
subscription = client.resource("Subscription", **{name: value for name, value in read("subscription.json").items() if name != "resourceType"})
subscription.save()
assert subscription["status"] == "requested", subscription
kept = client.reference("Subscription", subscription["id"]).to_resource()
assert kept["id"] == subscription["id"]
print("fhirpy: submitted, inquired, subscribed")
