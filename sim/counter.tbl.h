/* counter.tbl.h - what each device counts; "amtsim ctl stats" gives the sums. COUNTER(identifier, "sentence") */

/* clang-format off */
COUNTER(pings, "RMCP presence pings received")
COUNTER(pongs, "presence pongs sent")
COUNTER(connects, "TCP connections accepted")
COUNTER(refused, "connections reset or closed at once: port closed, too many, or a fault")
COUNTER(handshakes, "TLS handshakes completed")
COUNTER(resumed, "of these, resumed from an earlier session")
COUNTER(requests, "HTTP requests read to their end")
COUNTER(unauthorized, "answers with status 401")
COUNTER(replies, "answers of any status whose first byte was sent")
COUNTER(soap_faults, "answers that were a SOAP fault")
COUNTER(acts, "power requests obeyed")
COUNTER(acts_refused, "power requests answered with a ReturnValue other than 0")
COUNTER(hellos, "hello messages sent to set-up servers")
COUNTER(setups, "TLS sessions of set-up servers")
COUNTER(injected, "times that an injected fault changed what happened")
COUNTER(bytes_in, "bytes read from TCP connections")
COUNTER(bytes_out, "bytes written to TCP connections")
/* clang-format on */
