/* xmlns.tbl.h - XMLNS(id, "namespace name"): the namespaces that are told apart by a number. All others (those of
 * classes) are numbered per document in the order of their appearance. Sources: DSP0226, DSP0227, DSP0230, and the
 * envelopes that Intel AMT 8 to 16 sends. */
/* clang-format off */
XMLNS(NONE,        "")
XMLNS(SOAP,        "http://www.w3.org/2003/05/soap-envelope")
XMLNS(ADDRESSING,  "http://schemas.xmlsoap.org/ws/2004/08/addressing")
XMLNS(WSMAN,       "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd")
XMLNS(TRANSFER,    "http://schemas.xmlsoap.org/ws/2004/09/transfer")
XMLNS(ENUMERATION, "http://schemas.xmlsoap.org/ws/2004/09/enumeration")
XMLNS(EVENTING,    "http://schemas.xmlsoap.org/ws/2004/08/eventing")
XMLNS(CIMBINDING,  "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd")
XMLNS(COMMON,      "http://schemas.dmtf.org/wbem/wscim/1/common")
XMLNS(TRUST,       "http://schemas.xmlsoap.org/ws/2005/02/trust")
XMLNS(SECEXT,      "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd")
XMLNS(XSI,         "http://www.w3.org/2001/XMLSchema-instance")
/* clang-format on */
