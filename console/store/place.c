/* SPDX-License-Identifier: Apache-2.0 */
/* Places among events as they arrived: compared, and as text for whoever has to keep one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/store/store.h"

bool store_place_is_before(const struct store_place *place, int64_t id)
{
	int64_t lane = id / STORE_LANE_EVENTS;

	return lane < 0 || lane >= STORE_LANES || id > place->last[lane];
}

void store_place_format(const struct store_place *place, char ret_text[STORE_PLACE_SIZE])
{
	size_t used = (size_t)snprintf(
		ret_text, STORE_PLACE_SIZE, "%lld", (long long)place->last[0]);

	for (int lane = 1; lane < STORE_LANES; lane++)
		if (place->last[lane])
			used += (size_t)snprintf(ret_text + used, STORE_PLACE_SIZE - used,
				" %d:%lld", lane,
				(long long)(place->last[lane] - lane * STORE_LANE_EVENTS));
}

static int take_number(const char **text, char end, int64_t most, int64_t *ret_number)
{
	char *stop;
	long long number;

	if (**text < '0' || **text > '9')
		return -EINVAL;
	errno = 0;
	number = strtoll(*text, &stop, 10);
	if (errno || number > most || (*stop != end && (end != ' ' || *stop)))
		return -EINVAL;
	*text = *stop ? stop + 1 : stop;
	*ret_number = number;
	return 0;
}

int store_place_parse(const char *text, struct store_place *ret_place)
{
	struct store_place place = {0};
	int64_t lane, number;
	int r;

	r = take_number(&text, ' ', STORE_LANE_EVENTS - 1, &place.last[0]);
	while (r == 0 && *text) {
		r = take_number(&text, ':', STORE_LANES - 1, &lane);
		if (r == 0)
			r = take_number(&text, ' ', STORE_LANE_EVENTS - 1, &number);
		if (r == 0)
			place.last[lane] = lane * STORE_LANE_EVENTS + number;
	}
	if (r < 0)
		return r;
	*ret_place = place;
	return 0;
}
