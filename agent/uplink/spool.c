/* SPDX-License-Identifier: Apache-2.0 */
/* The list of segments, and what of it is asked. */
#include <errno.h>
#include <string.h>

#include "agent/uplink/spool_private.h"

#define SEGMENT_SIZE_MIN  4096
#define SEGMENTS_AT_LEAST 4 /* fit below the cap */

static int options_set(struct spool *spool, const struct spool_options *options)
{
	spool->options = *options;
	options = &spool->options;
	if (!options->segment_size)
		spool->options.segment_size = SPOOL_SEGMENT_SIZE;
	if (!options->size_max)
		spool->options.size_max = SPOOL_SIZE_MAX;
	if (!options->first_sequence)
		spool->options.first_sequence = 1;
	if (options->segment_size < SEGMENT_SIZE_MIN ||
		options->segment_size > SPOOL_SEGMENT_SIZE_MAX ||
		options->size_max / options->segment_size < SEGMENTS_AT_LEAST)
		return -EINVAL;
	return 0;
}

int spool_open(const char *directory, const struct spool_options *options, struct spool **ret_spool)
{
	auto_call(spool_freep) struct spool *spool = calloc(1, sizeof(*spool));
	int r;

	if (!spool)
		return -ENOMEM;
	spool->file = -EBADF;
	r = options_set(spool, options);
	if (r < 0)
		return r;
	if (options->files) {
		spool->files = *options->files;
	} else {
		r = spool_files_open(directory, true, &spool->files);
		if (r < 0)
			return r;
		spool->is_directory = true;
	}
	spool->next_sequence = spool->options.first_sequence;
	r = spool_recover(spool);
	if (r < 0)
		return r;
	*ret_spool = take_ptr(spool);
	return 0;
}

void spool_free(struct spool *spool)
{
	if (!spool)
		return;
	if (spool->file >= 0) {
		(void)spool_sync(spool, true); /* nothing more to do about it */
		spool_abandon(spool);
	}
	if (spool->is_directory)
		spool_files_close(&spool->files);
	free(spool->segments);
	free(spool);
}

void spool_set_console_key(struct spool *spool, const uint8_t console_key[HPKE_KEY_SIZE])
{
	if (!memcmp(spool->options.console_key, console_key, HPKE_KEY_SIZE))
		return;
	memcpy(spool->options.console_key, console_key, HPKE_KEY_SIZE);
	spool->is_rekeyed = true;
}

int spool_add_segment(struct spool *spool, const struct spool_segment *segment)
{
	struct spool_segment *added;

	if (spool->count == spool->room) {
		const size_t room = spool->room ? 2 * spool->room : 16;
		struct spool_segment *grown = reallocarray(
			spool->segments, room, sizeof(*spool->segments));

		if (!grown)
			return -ENOMEM;
		spool->segments = grown;
		spool->room = room;
	}
	added = &spool->segments[spool->count];
	*added = *segment;
	/* What a segment without records says of the place is worth something only when nothing else does. */
	if (segment->records || !spool->count) {
		spool->next_sequence = segment->last_sequence + 1;
		memcpy(spool->link, spool_segment_end(segment), SEGMENT_HASH_SIZE);
	} else {
		added->last_sequence = spool->next_sequence - 1;
	}
	spool->count++;
	spool->bytes += segment->file_size;
	return 0;
}

bool spool_may_remove_oldest(const struct spool *spool)
{
	for (size_t i = 1; i < spool->count; i++)
		if (spool->segments[i].records ||
			spool->segments[i].first_sequence == spool->next_sequence)
			return true;
	return false;
}

/* One after the other: a younger one that is gone while an older one is there would be a gap. */
static int removed_sync(struct spool *spool)
{
	int r = spool->files.sync_directory(spool->files.disk);

	spool->is_removal_unsynced = r < 0;
	return r;
}

int spool_remove_segment(struct spool *spool, size_t index)
{
	char name[SPOOL_NAME_SIZE];
	int r;

	if (spool->is_removal_unsynced) {
		r = removed_sync(spool);
		if (r < 0)
			return r;
	}
	spool_name(spool->segments[index].number, SPOOL_SUFFIX_SEGMENT, name);
	r = spool->files.unlink(spool->files.disk, name);
	if (r < 0 && r != -ENOENT)
		return r;
	spool->bytes -= spool->segments[index].file_size;
	spool->count--;
	memmove(spool->segments + index, spool->segments + index + 1,
		(spool->count - index) * sizeof(*spool->segments));
	return removed_sync(spool);
}

uint64_t spool_next_sequence(const struct spool *spool)
{
	return spool->next_sequence;
}

uint64_t spool_synced_sequence(const struct spool *spool)
{
	return spool->synced_sequence;
}

void spool_status(const struct spool *spool, struct spool_status *ret_status)
{
	struct spool_status status = {
		.segments = (uint32_t)spool->count,
		.bytes = spool->bytes,
		.acked_sequence = spool->acked_sequence,
	};

	for (size_t i = 0; i < spool->count; i++) {
		const struct spool_segment *segment = &spool->segments[i];
		const uint64_t before = segment->first_sequence - 1 > spool->acked_sequence
						? segment->first_sequence - 1
						: spool->acked_sequence;

		status.pruned += segment->pruned;
		status.lost += segment->lost;
		if (segment->last_sequence <= before)
			continue;
		status.waiting += segment->last_sequence - before;
		if (!status.oldest_ms)
			status.oldest_ms = segment->made_ms;
	}
	memcpy(status.link, spool->synced_link, SEGMENT_HASH_SIZE);
	*ret_status = status;
}

bool spool_take_losses(struct spool *spool, struct spool_losses *ret_losses)
{
	if (!spool->has_losses)
		return false;
	*ret_losses = spool->losses;
	spool->losses = (struct spool_losses){0};
	spool->has_losses = false;
	return true;
}
