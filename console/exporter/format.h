/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event as outputs send it. Pure. The device's JSON is never parsed here: it was when it was
 * stored; what is put around it are numbers, uids, and the host's name, escaped.
 */
#ifndef HOLDFAST_CONSOLE_EXPORTER_FORMAT_H
#define HOLDFAST_CONSOLE_EXPORTER_FORMAT_H

#include <stddef.h>

#include "console/ipc/export.h"

/* Bytes that are enough for what stands around the JSON, in each of the forms. */
#define FORMAT_AROUND 4096

struct format_syslog {
	unsigned int facility;
	unsigned int enterprise;
	const char *tenant; /* borrowed */
};

/* Of RFC 5424, for severity_id of OCSF. */
unsigned int format_severity(uint8_t severity_id);
/*
 * A message of RFC 5424 in the framing of RFC 5425: "LENGTH <PRI>1 ...". Bytes written, which are
 * fewer than event->size + FORMAT_AROUND; 0 when size is less than that.
 */
size_t format_syslog(char *ret_text, size_t size, const struct export_event *event,
	const struct format_syslog *how);
/* {"id","device","sequence","host","event"} and a line feed; as above. */
size_t format_line(char *ret_text, size_t size, const struct export_event *event);

/* Whose line of format_line() that is; -EBADMSG when it is none. */
int format_line_read(const char *line, size_t size, struct export_identity *ret_identity);

#endif
