/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One output of events: a process that takes committed events from the store and hands them to one
 * receiver. holdfast-console(8) serve starts one for each section of export.ini, by executing itself:
 *
 *   holdfast-console exporter --config FILE --name NAME --runtime-dir DIR [--user NAME]
 *		[--life-fd N] [--verbose]
 *
 *   --config       read while still privileged, as are the TLS key and certificates that it names
 *   --runtime-dir  where EXPORT_SOCKET_NAME is, connected to while still privileged
 *   --user         who to become; without it, stays who it is
 *   --life-fd      as the frontend's: 'R' once it is at work, then 'L' every two seconds
 *
 * SIGTERM: waits a while for what is under way, and ends with status 0. It ends when the store is
 * gone, and is started anew. What is on its way in it is nowhere else needed: the store hands out
 * again what was not said to be delivered.
 */
#ifndef HOLDFAST_CONSOLE_EXPORTER_EXPORTER_H
#define HOLDFAST_CONSOLE_EXPORTER_EXPORTER_H

#include <poll.h>

#include "common/channel.h"
#include "console/exporter/config.h"
#include "console/exporter/format.h"

#define EXPORTER_POLL_MAX    4	  /* descriptors of a sink */
#define EXPORTER_STOP_MS     3000 /* for what is under way when it is to end */
#define EXPORTER_PROGRESS_MS 200  /* between two words to the store of what was delivered */

struct exporter;

/* One kind of receiver. A sink has no more under way than it names; see exporter_progress(). */
struct sink {
	unsigned int filter_groups;
	/* While still privileged: reads files. What fails is fatal(). */
	void (*prepare)(struct exporter *exporter);
	/* What the receiver shows to have, for export_open.last_*; may be NULL. */
	void (*resume)(struct exporter *exporter, struct export_open *open);
	/* The store has told where to begin. */
	void (*begin)(struct exporter *exporter, bool is_rewound);
	/* Whether a frame of events may be asked for. */
	bool (*has_room)(struct exporter *exporter);
	/* Takes events to deliver: each of a frame, then its end, with the position behind it. */
	void (*take)(struct exporter *exporter, const struct export_event *event);
	void (*end_frame)(struct exporter *exporter, uint64_t position);
	/* Waiting and working; timeout -1 = for ever. */
	unsigned int (*poll_fill)(struct exporter *exporter, struct pollfd *polls);
	int (*timeout_ms)(struct exporter *exporter);
	void (*work)(struct exporter *exporter, const struct pollfd *polls, unsigned int count);
	/* Nothing more comes. True once nothing is under way. */
	bool (*finish)(struct exporter *exporter);
};

extern const struct sink sink_file, sink_syslog, sink_kafka;

struct exporter {
	const struct config_output *output;
	const struct sink *sink;
	const char *name;
	char tenant[CONSOLE_NAME_SIZE];
	int signal_fd, life_fd;
	struct channel store;
	bool is_opened, is_asked, is_again, is_stopping;
	uint32_t round;
	uint64_t read;	/* position behind the newest frame */
	uint64_t done;	/* position up to which all was delivered */
	uint32_t count; /* events delivered, not yet told */
	char error[EXPORT_TEXT_SIZE];
	bool is_untold; /* the store has not heard of done, count or error */
	uint64_t told_ns;
	unsigned int tries; /* in a row that failed: for exporter_pause_ms() */
	uint64_t retry_ns;  /* when to try again; 0 = not waiting */
};

/* argv[0] is the word "exporter". The process's exit status. */
int exporter_main(int argc, char **argv);

/* For sinks: all up to position was delivered, which was so many events more. */
void exporter_progress(struct exporter *exporter, uint64_t position, uint32_t count);
/* What was taken and not reported as delivered is lost on the way: the store is to hand it out again. */
void exporter_again(struct exporter *exporter);
/*
 * Nothing can be delivered, for this reason: it is logged when it is another one than before, shown
 * by status, and tried again after a pause, which doubles up to a minute and is drawn by lot.
 */
void exporter_failed(struct exporter *exporter, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* It goes well. */
void exporter_works(struct exporter *exporter);
/* Whether it is time to try again after exporter_failed(), or nothing failed. */
bool exporter_may_try(const struct exporter *exporter);
/* Until then; -1 = not waiting. */
int exporter_wait_ms(const struct exporter *exporter);

/* link.c: the store. Connects; what fails is fatal(). */
void link_connect(struct exporter *exporter, const char *runtime_directory);
void link_open(struct exporter *exporter);
/* Asks for events when there is room for them, and tells what is new. */
void link_work(struct exporter *exporter);
void link_on_poll(struct exporter *exporter, short events);

/* The file's bytes and a NUL, which the caller frees; fatal(). what: for the log. */
char *exporter_read_file(const char *path, const char *what);

#endif
