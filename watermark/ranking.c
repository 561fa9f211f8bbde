/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/ranking.h"

#include <string.h>

static char *item_at(const struct ranking *ranking, unsigned int at)
{
	return (char *)ranking->items + at * ranking->size;
}

static float score_of(const struct ranking *ranking, const void *item)
{
	float score;

	memcpy(&score, (const char *)item + ranking->score, sizeof(score));
	return score;
}

void ranking_insert(const struct ranking *ranking, unsigned int *count, const void *item)
{
	const float score = score_of(ranking, item);
	unsigned int at = *count;

	while (at > 0 && score_of(ranking, item_at(ranking, at - 1)) < score)
		at--;
	if (at == ranking->most)
		return;
	if (*count < ranking->most)
		++*count;
	memmove(item_at(ranking, at + 1), item_at(ranking, at), (*count - at - 1) * ranking->size);
	memcpy(item_at(ranking, at), item, ranking->size);
}

void ranking_remove(const struct ranking *ranking, unsigned int *count, unsigned int at)
{
	--*count;
	memmove(item_at(ranking, at), item_at(ranking, at + 1), (*count - at) * ranking->size);
}
