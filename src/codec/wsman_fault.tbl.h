/* wsman_fault.tbl.h - the faults of WS-Management that Intel AMT sends or its clients expect.
 *
 * FAULT(id, namespace, "subcode", "code", http, err, "reason", "fault detail")
 *
 * namespace: of the subcode; code: Sender or Receiver; http: status that carries it; err: the error that a client
 * reports. Reason texts as on the wire of AMT 11.8 to 16.1 where such a capture is public, else those of DSP0226. */
/* clang-format off */
FAULT(DESTINATION_UNREACHABLE, ADDRESSING,  "DestinationUnreachable",    "Sender",   400, UNSUPPORTED,   "No route can be determined to reach the destination role defined by the WSAddressing To.", "")
FAULT(ACTION_NOT_SUPPORTED,    ADDRESSING,  "ActionNotSupported",        "Sender",   400, UNSUPPORTED,   "The action is not supported by the service.", "")
FAULT(INVALID_HEADER,          ADDRESSING,  "InvalidMessageInformationHeader", "Sender", 400, DEVICE_FAULT, "A message information header is not valid and the message cannot be processed.", "")
FAULT(HEADER_REQUIRED,         ADDRESSING,  "MessageInformationHeaderRequired", "Sender", 400, DEVICE_FAULT, "A required header is missing.", "")
FAULT(ENDPOINT_UNAVAILABLE,    ADDRESSING,  "EndpointUnavailable",       "Receiver", 500, DEVICE_BUSY,   "The specified endpoint is currently unavailable.", "")
FAULT(INVALID_REPRESENTATION,  TRANSFER,    "InvalidRepresentation",     "Sender",   400, DEVICE_FAULT,  "The XML content is not valid.", "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/MissingValues")
FAULT(INVALID_CONTEXT,         ENUMERATION, "InvalidEnumerationContext", "Receiver", 400, DEVICE_FAULT,  "The supplied enumeration context is invalid.", "")
FAULT(ALREADY_EXISTS,          WSMAN,       "AlreadyExists",             "Sender",   400, DEVICE_FAULT,  "The sender attempted to create a resource which already exists.", "")
FAULT(QUOTA_LIMIT,             WSMAN,       "QuotaLimit",                "Sender",   400, DEVICE_BUSY,   "The service is busy servicing other requests.", "")
FAULT(INTERNAL_ERROR,          WSMAN,       "InternalError",             "Receiver", 500, DEVICE_FAULT,  "The service cannot comply with the request due to internal processing errors.", "")
FAULT(ACCESS_DENIED,           WSMAN,       "AccessDenied",              "Sender",   400, ACCESS_DENIED, "The sender was not authorized to access the resource.", "")
FAULT(INVALID_SELECTORS,       WSMAN,       "InvalidSelectors",          "Sender",   400, UNSUPPORTED,   "The Selectors for the resource are not valid.", "")
FAULT(INVALID_PARAMETER,       WSMAN,       "InvalidParameter",          "Sender",   400, DEVICE_FAULT,  "An operation parameter is not valid.", "")
FAULT(UNSUPPORTED_FEATURE,     WSMAN,       "UnsupportedFeature",        "Sender",   400, UNSUPPORTED,   "The specified feature is not supported.", "")
FAULT(SCHEMA_VALIDATION,       WSMAN,       "SchemaValidationError",     "Sender",   400, DEVICE_FAULT,  "The supplied SOAP violates the corresponding XML schema definition.", "")
FAULT(ENCODING_LIMIT,          WSMAN,       "EncodingLimit",             "Sender",   400, DEVICE_FAULT,  "An internal encoding limit was exceeded in a request or would be violated if the message were processed.", "")
FAULT(TIMED_OUT,               WSMAN,       "TimedOut",                  "Receiver", 500, DEVICE_BUSY,   "The operation has timed out.", "")
FAULT(CONCURRENCY,             WSMAN,       "Concurrency",               "Sender",   400, DEVICE_BUSY,   "The action could not be completed due to concurrency or locking problems.", "")
FAULT(CANNOT_PROCESS_FILTER,   WSMAN,       "CannotProcessFilter",       "Sender",   400, UNSUPPORTED,   "The requested filter could not be processed.", "")
FAULT(MUST_UNDERSTAND,         SOAP,        "",                          "MustUnderstand", 400, UNSUPPORTED, "A header that must be understood was not understood.", "")
/* clang-format on */
