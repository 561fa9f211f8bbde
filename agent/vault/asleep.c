/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/vault/asleep.h"

#include <stddef.h>

#include "common/clock.h"

#define PAUSE_NS	 (5 * CLOCK_SECOND_NS) /* a machine that starts has its bus later */
#define ANSWER_US	 UINT64_C(5000000)     /* a logind that takes longer hangs */
#define MESSAGES_A_ROUND 64

static void on_change(bool begins, void *userdata)
{
	((struct asleep *)userdata)->is_asleep = begins;
}

void asleep_init(struct asleep *asleep)
{
	*asleep = (struct asleep){0};
	sleep_init(&asleep->sleep, on_change, asleep);
}

/* Who does not hear of the end of sleep would keep everything shut: awake until it is said again. */
static void lose(struct asleep *asleep)
{
	asleep->bus = sd_bus_close_unref(asleep->bus);
	sleep_let(&asleep->sleep);
	asleep->is_asleep = false;
	asleep->next_ns = clock_boot_ns() + PAUSE_NS;
}

static void begin(struct asleep *asleep)
{
	if (sd_bus_open_system(&asleep->bus) < 0 ||
		sd_bus_set_method_call_timeout(asleep->bus, ANSWER_US) < 0 ||
		sleep_follow(&asleep->sleep, asleep->bus) < 0)
		lose(asleep);
}

void asleep_tick(struct asleep *asleep)
{
	int r = 1;

	if (!asleep->bus && clock_boot_ns() >= asleep->next_ns)
		begin(asleep);
	for (unsigned int i = 0; i < MESSAGES_A_ROUND && asleep->bus && r > 0; i++) {
		r = sd_bus_process(asleep->bus, NULL);
		if (r < 0)
			lose(asleep);
	}
	if (asleep->is_asleep || asleep->sleep.inhibitor_fd >= 0)
		asleep->unseen_ns = 0;
	else if (!asleep->unseen_ns)
		asleep->unseen_ns = clock_boot_ns();
}

struct pollfd asleep_poll(const struct asleep *asleep)
{
	int events = asleep->bus ? sd_bus_get_events(asleep->bus) : 0;

	return (struct pollfd){asleep->bus ? sd_bus_get_fd(asleep->bus) : -1,
		(short)(events < 0 ? POLLIN : events), 0};
}
