/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an exporter asks of the store, on EXPORT_SOCKET_NAME in the runtime directory: OPEN once,
 * then NEXT whenever it has delivered something or wants more. The store answers OPEN with OPENED,
 * and a NEXT that wants events with EVENTS as soon as there are some. Frames of common/wire.h; a get
 * that fails is a broken peer. Numbers are wire values.
 */
#ifndef HOLDFAST_CONSOLE_IPC_EXPORT_H
#define HOLDFAST_CONSOLE_IPC_EXPORT_H

#include <stdbool.h>

#include "console/ipc/messages.h"

#define EXPORT_SOCKET_NAME "export.sock"
#define EXPORT_OUTPUT_MAX  16 /* outputs of a console */
#define EXPORT_NAME_SIZE   33
#define EXPORT_CLASS_MAX   16
#define EXPORT_LAST_MAX	   64 /* one for each console that stores events in the same database */
#define EXPORT_TEXT_SIZE   200
#define EXPORT_JSON_MAX \
	120000 /* bytes of an event's JSON that fits a frame with what is said of it */

enum export_message {
	/* exporter to store */
	EXPORT_OPEN = 128, /* struct export_open */
	EXPORT_NEXT = 129, /* struct export_next */
	/* store to exporter */
	EXPORT_OPENED = 160, /* struct export_opened */
	EXPORT_EVENTS = 161, /* struct export_events, then so many struct export_event */
};

/* Which events an output gets; 0 = any. */
struct export_filter {
	uint8_t severity_min; /* severity_id of OCSF; 99 (other) is as 1 */
	uint8_t verdict_min, verdict_max;
	uint8_t class_count;
	uint32_t classes[EXPORT_CLASS_MAX];
};

struct export_open {
	char name[EXPORT_NAME_SIZE];
	struct export_filter filter;
	uint8_t is_from_first; /* when the store knows nothing of it: all events, not those from now on */
	/* Events that certainly arrived, with all before them, as the receiver itself shows. */
	uint8_t last_count;
	struct export_identity {
		uint64_t id, sequence;
		uint8_t device[CONSOLE_UID_SIZE];
	} last[EXPORT_LAST_MAX];
};

struct export_opened {
	uint8_t is_rewound; /* by a person: what follows was delivered before */
	char tenant[CONSOLE_NAME_SIZE];
};

struct export_next {
	uint64_t done;	   /* position up to which all has been delivered; 0 before the first */
	uint32_t count;	   /* events that were delivered since the last NEXT */
	uint32_t round;	   /* comes back with the events that this asks for */
	uint8_t is_wanted; /* more events, please */
	uint8_t is_again;  /* ... from done on: what was sent behind it is lost */
	char error[EXPORT_TEXT_SIZE]; /* why nothing is delivered; "" = all is well */
};

struct export_events {
	uint32_t round;
	uint64_t position; /* once all of these are delivered; goes up by one for each frame */
	uint16_t count;	   /* 0: what there was does not pass the filter */
};

struct export_event {
	uint64_t id, sequence;
	uint8_t device[CONSOLE_UID_SIZE];
	uint64_t time_ms;
	uint32_t class_uid, activity_id;
	uint8_t severity_id, verdict;
	char host[CONSOLE_NAME_SIZE];
	uint32_t size;
	const char *json; /* borrowed from the frame */
};

void export_put_open(struct bytes_writer *frame, const struct export_open *open);
void export_get_open(struct bytes_reader *payload, struct export_open *ret_open);
void export_put_opened(struct bytes_writer *frame, const struct export_opened *opened);
void export_get_opened(struct bytes_reader *payload, struct export_opened *ret_opened);
void export_put_next(struct bytes_writer *frame, const struct export_next *next);
void export_get_next(struct bytes_reader *payload, struct export_next *ret_next);
void export_put_events(struct bytes_writer *frame, const struct export_events *events);
void export_get_events(struct bytes_reader *payload, struct export_events *ret_events);
void export_put_event(struct bytes_writer *frame, const struct export_event *event);
void export_get_event(struct bytes_reader *payload, struct export_event *ret_event);

/* Whether an output with that filter gets the event. */
bool export_filter_fits(const struct export_filter *filter, uint32_t class_uid,
	uint32_t severity_id, uint8_t verdict);

#endif
