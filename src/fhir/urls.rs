//! Addresses that the guides give to profiles, extensions and systems.

macro_rules! pas {
    ($name:literal) => {
        concat!("http://hl7.org/fhir/us/davinci-pas/StructureDefinition/", $name)
    };
}

/// Extension: kind of certification; 3 takes back.
pub const CERTIFICATION_TYPE: &str = pas!("extension-certificationType");
/// Extension: level of service; urgent or not.
pub const LEVEL_OF_SERVICE: &str = pas!("extension-levelOfServiceCode");
/// Extension: the request that an item is for.
pub const REQUESTED_SERVICE: &str = pas!("extension-requestedService");
/// Extension: number of an item, for life.
pub const TRACE_NUMBER: &str = pas!("extension-itemTraceNumber");
/// Extension: number that authorizes.
pub const AUTHORIZATION_NUMBER: &str = pas!("extension-authorizationNumber");
/// Extension: kind of request of an item.
pub const REQUEST_TYPE: &str = pas!("extension-serviceItemRequestType");
/// Extension: whether a member of the care team is of the whole Claim.
pub const CARE_TEAM_SCOPE: &str = pas!("extension-careTeamClaimScope");
/// Extension: what a document is.
pub const DOCUMENT_INFORMATION: &str = pas!("extension-documentInformation");
/// Extension: number of a pended request.
pub const REFERENCE_NUMBER: &str = pas!("extension-administrationReferenceNumber");
/// Extension: dates asked for.
pub const REQUESTED_SERVICE_DATE: &str = pas!("extension-itemRequestedServiceDate");
/// Extension: when a line was authorized.
pub const ISSUE_DATE: &str = pas!("extension-itemPreAuthIssueDate");
/// Extension: from when to when it is.
pub const PREAUTH_PERIOD: &str = pas!("extension-itemPreAuthPeriod");
/// Extension: what is authorized.
pub const AUTHORIZED_DETAIL: &str = pas!("extension-itemAuthorizedDetail");
/// Extension: what was decided.
pub const REVIEW_ACTION: &str = pas!("extension-reviewAction");
/// Extension: its code.
pub const REVIEW_ACTION_CODE: &str = pas!("extension-reviewActionCode");
/// Extension: whether a person decided.
pub const REVIEWER: &str = pas!("extension-claimResponseReviewer");
/// Extension: where an error is.
pub const ERROR_PATH: &str = pas!("extension-errorPath");
/// Extension: what to do about it.
pub const FOLLOW_UP: &str = pas!("extension-errorFollowupAction");
/// Extension: who is at the two ends of the transmission.
pub const TRANSMISSION: &str = pas!("extension-TransmissionIdentifiers");
/// Extension: line that a request for information is about.
pub const LINE_NUMBER: &str = pas!("extension-serviceLineNumber");
/// Extension: the encounter of a Claim.
pub const ENCOUNTER: &str = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Claim.encounter";

/// Profile: response Bundle.
pub const RESPONSE_BUNDLE: &str = pas!("profile-pas-response-bundle");
/// Profile: Bundle of an answer to an inquiry.
pub const INQUIRY_RESPONSE_BUNDLE: &str = pas!("profile-pas-inquiry-response-bundle");
/// Profile: answer to an inquiry.
pub const INQUIRY_RESPONSE: &str = pas!("profile-claiminquiryresponse");
/// Profile: request Bundle.
pub const REQUEST_BUNDLE: &str = pas!("profile-pas-request-bundle");
/// Profile: request.
pub const CLAIM: &str = pas!("profile-claim");
/// Profile: who is treated.
pub const BENEFICIARY: &str = pas!("profile-beneficiary");
/// Profile: coverage.
pub const COVERAGE: &str = pas!("profile-coverage");
/// Profile: payer.
pub const INSURER: &str = pas!("profile-insurer");
/// Profile: who asks.
pub const REQUESTOR: &str = pas!("profile-requestor");
/// Profile: organization.
pub const ORGANIZATION: &str = pas!("profile-organization");
/// Profile: clinician.
pub const PRACTITIONER: &str = pas!("profile-practitioner");
/// Profile: a clinician's place in an organization.
pub const PRACTITIONER_ROLE: &str = pas!("profile-practitionerrole");
/// Profile: answer to a request.
pub const CLAIM_RESPONSE: &str = pas!("profile-claimresponse");
/// Profile: request for information.
pub const COMMUNICATION_REQUEST: &str = pas!("profile-communicationrequest");
/// Profile: what is to be done about it.
pub const TASK: &str = pas!("profile-task");

/// Profile: who is told of changes.
pub const SUBSCRIPTION: &str = pas!("profile-subscription");

macro_rules! backport {
    ($name:literal) => {
        concat!("http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/", $name)
    };
}

/// Topic: results of prior authorizations.
pub const TOPIC: &str = "http://hl7.org/fhir/us/davinci-pas/SubscriptionTopic/PASSubscriptionTopic";
/// Extension: of what a subscriber is told.
pub const FILTER_CRITERIA: &str = backport!("backport-filter-criteria");
/// Extension: how much of it.
pub const PAYLOAD_CONTENT: &str = backport!("backport-payload-content");
/// Extension: topics that a server has.
pub const TOPICS: &str = backport!("capabilitystatement-subscriptiontopic-canonical");
/// Profile: how a subscription is doing.
pub const SUBSCRIPTION_STATUS: &str = backport!("backport-subscription-status-r4");
/// Profile: what a subscriber is sent.
pub const SUBSCRIPTION_NOTIFICATION: &str = backport!("backport-subscription-notification-r4");

/// Codes that the guide made for the time being.
pub const PAS_CODES: &str = "http://hl7.org/fhir/us/davinci-pas/CodeSystem/PASTempCodes";
/// X12 code source 306.
pub const X12_ACTIONS: &str = "https://codesystem.x12.org/005010/306";
/// X12 code source 901.
pub const X12_REJECTIONS: &str = "https://codesystem.x12.org/005010/901";
/// X12 code source 889.
pub const X12_FOLLOW_UPS: &str = "https://codesystem.x12.org/005010/889";
/// X12 code source 886.
pub const X12_REASONS: &str = "https://codesystem.x12.org/external/886";
/// X12 code source 755.
pub const X12_REPORTS: &str = "https://codesystem.x12.org/005010/755";
/// CPT, which is HCPCS Level I.
pub const CPT: &str = "http://www.ama-assn.org/go/cpt";
/// HCPCS Level II.
pub const HCPCS: &str = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets";
/// National Provider Identifiers.
pub const NPI: &str = "http://hl7.org/fhir/sid/us-npi";
/// X12 code source 98: who somebody is.
pub const X12_ENTITIES: &str = "https://codesystem.x12.org/005010/98";
/// X12 code source 1322: kinds of certification.
pub const X12_CERTIFICATIONS: &str = "https://codesystem.x12.org/005010/1322";
/// X12 code source 1365: kinds of service.
pub const X12_SERVICES: &str = "https://codesystem.x12.org/005010/1365";
/// X12 code source 1525: kinds of request.
pub const X12_REQUESTS: &str = "https://codesystem.x12.org/005010/1525";
/// Places of service.
pub const PLACES: &str = "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set";
/// Tax ids.
pub const EIN: &str = "http://terminology.hl7.org/NamingSystem/USEIN";
/// Diagnoses.
pub const ICD10: &str = "http://hl7.org/fhir/sid/icd-10-cm";
