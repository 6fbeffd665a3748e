/* codec.h - bytes <-> structs: what Lamplighter says to devices, people and files; include what you use, not this file.
 *
 * http1     HTTP/1.1 requests and replies, read and written      xml    namespaced XML, read and written
 * digest    HTTP digest authentication, both sides               soap   envelopes, addressing, faults
 * rmcp      presence ping and pong on UDP 623                    wsman  enumerate, pull, get, put, invoke
 * sse       server-sent events                                   cim    classes of AMT: names, values, keys
 * json      JSON read and written                                range  sets of addresses
 * conf      the configuration file                             api   the commands of the API as a table
 * tzif      time zones of the IANA database                    recur when a schedule is due, and its text
 * ical      black-out ranges from calendar files            setup_bin   setup.bin on USB keys
 * hello     what a device says to be set up                  psk  names and keys of TLS-PSK
 *
 * Pure functions, and machines that are fed with bytes and say what they found. Nothing here opens a socket, waits,
 * asks the time or logs; a conversation never touches its connection, so servers, clients, the simulator and the
 * fuzzers use the same code. No state outside the structs that the caller holds: any thread, one at a time a struct.
 * Each size that a stranger chooses has a ceiling before memory is asked for. Uses base alone; knows no zones. */
#ifndef CODEC_CODEC_H
#define CODEC_CODEC_H

#endif
