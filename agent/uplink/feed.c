/* SPDX-License-Identifier: Apache-2.0 */
/* One frame under construction. The log is synced before the spool is: see log_reader_sync(). */
#include "agent/uplink/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

/* Far below what a record may hold even when nothing can be compressed. */
#define FRAME_MAX 60000

struct feed {
	struct log_reader *reader;
	struct spool *spool;
	uint64_t begun_ns; /* of the frame */
	uint64_t first_sequence;
	uint32_t count;
	size_t size;
	char lines[FRAME_MAX + LOG_READER_LINE_MAX];
};

struct feed *feed_new(struct log_reader *reader, struct spool *spool)
{
	struct feed *feed = calloc(1, sizeof(*feed));

	if (!feed)
		return NULL;
	feed->reader = reader;
	feed->spool = spool;
	log_reader_seek(reader, spool_next_sequence(spool));
	return feed;
}

void feed_free(struct feed *feed)
{
	free(feed);
}

/* After a failure: from where the spool is. */
static int begin_again(struct feed *feed, int error)
{
	feed->count = 0;
	feed->size = 0;
	log_reader_seek(feed->reader, spool_next_sequence(feed->spool));
	return error;
}

static int frame_end(struct feed *feed, enum segment_kind kind)
{
	const struct segment_frame frame = {.first_sequence = feed->first_sequence,
		.count = feed->count,
		.kind = kind,
		.lines = feed->lines,
		.size = feed->size};
	int r;

	if (!feed->count)
		return 0;
	r = log_reader_sync(feed->reader);
	if (r == 0)
		r = spool_append(feed->spool, &frame);
	if (r < 0)
		return begin_again(feed, r);
	feed->count = 0;
	feed->size = 0;
	return 0;
}

static bool fits(const struct feed *feed, const struct log_line *line)
{
	return feed->count < SEGMENT_EVENTS_MAX && feed->size + line->size <= FRAME_MAX &&
	       line->sequence == feed->first_sequence + feed->count;
}

static int line_take(struct feed *feed, const struct log_line *line)
{
	int r = 0;

	if (feed->count && (line->is_alert || !fits(feed, line)))
		r = frame_end(feed, SEGMENT_NORMAL);
	if (r < 0)
		return r;
	if (!feed->count) {
		feed->first_sequence = line->sequence;
		feed->begun_ns = clock_boot_ns();
	}
	memcpy(feed->lines + feed->size, line->text, line->size);
	feed->size += line->size;
	feed->count++;
	return line->is_alert ? frame_end(feed, SEGMENT_ALERT) : 0;
}

int feed_turn(struct feed *feed)
{
	struct log_line line;
	int r = 0;

	for (unsigned int i = 0; i < FEED_TURN_MAX; i++) {
		r = log_reader_next(feed->reader, &line);
		if (r <= 0)
			break;
		r = line_take(feed, &line);
		if (r < 0)
			return r;
		r = 1;
	}
	if (r < 0)
		return begin_again(feed, r);
	if (feed->count && clock_boot_ns() - feed->begun_ns >= FEED_WAIT_NS) {
		int ended = frame_end(feed, SEGMENT_NORMAL);

		if (ended < 0)
			return ended;
	}
	if (spool_sync(feed->spool, false) < 0)
		return begin_again(feed, -EIO);
	return r;
}

bool feed_is_gathering(const struct feed *feed)
{
	return feed->count > 0 || spool_sync_due_ns(feed->spool) != UINT64_MAX;
}
