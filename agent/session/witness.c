/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of the two processes. */
#include "agent/session/witness.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "agent/session/bus_watch.h"
#include "agent/session/lock_watch.h"
#include "agent/session/restrict.h"
#include "agent/session/teller.h"
#include "agent/session/wait.h"
#include "agent/session/x_watch.h"
#include "common/filter.h"
#include "common/log.h"

static void wait_for(struct pollfd *polls, nfds_t count, int wait_ms)
{
	if (poll(polls, count, wait_ms) < 0 && errno != EINTR)
		fatal("cannot poll: %m, stopping");
}

static void later(struct retry *retry, const char *what, int error)
{
	if (retry_later(retry, session_now_ms(), WITNESS_RETRY_MAX_MS))
		log_notice("%s can't be watched: %s, trying again quietly", what, strerror(-error));
	wait_for(NULL, 0, retry_left_ms(retry, session_now_ms()));
}

/* Until the display is gone. */
static void display_watch(struct x_watch *watch, struct lock_watch *lock, struct teller *teller)
{
	struct pollfd polls[2 + LOCK_BUS_MAX];

	while (x_watch_read(watch, teller, session_now_ms()) == 0) {
		int wait = teller_tick(teller, session_now_ms());

		wait = sooner(wait, lock_watch_tick(lock, session_now_ms()));
		if (lock_watch_read(lock, session_now_ms()) && teller->clears_on_lock)
			x_watch_clear_clipboard(watch);
		polls[0] = teller_poll(teller);
		polls[1] = x_watch_poll(watch);
		for (enum lock_bus i = 0; i < LOCK_BUS_MAX; i++)
			polls[2 + i] = lock_watch_poll(lock, i);
		wait_for(polls, 2 + LOCK_BUS_MAX, wait);
		teller_on_poll(teller, polls[0].revents);
	}
}

static _Noreturn void display_run(const char *runtime_directory, struct lock_watch *lock)
{
	static struct x_watch watch;
	static struct teller teller;
	struct retry retry = {0};
	const char *display = getenv("DISPLAY");
	int r;

	teller_init(&teller, runtime_directory, display ? display : "");
	for (;;) {
		teller_wait(&teller);
		r = x_watch_begin(&watch);
		if (r == -ENODEV) { /* and will not get one */
			log_info("there is no X11 display of this machine to watch");
			_exit(EXIT_SUCCESS);
		}
		if (r < 0) {
			teller_close(&teller);
			later(&retry, teller.display, r);
			continue;
		}
		if (retry_done(&retry))
			log_notice("%s is watched", teller.display);
		display_watch(&watch, lock, &teller);
		x_watch_end(&watch);
		teller_close(&teller);
		later(&retry, teller.display, -ECONNRESET);
	}
}

static _Noreturn void bus_run(const char *runtime_directory)
{
	static struct bus_watch watch;
	static struct teller teller;
	struct retry retry = {0};
	struct pollfd polls[2];
	int r, wait;

	teller_init(&teller, runtime_directory, "session bus");
	for (;;) {
		teller_wait(&teller);
		r = bus_watch_begin(&watch);
		if (r == 0 && retry_done(&retry))
			log_notice("the session bus is watched");
		while (r == 0) {
			r = bus_watch_read(&watch, &teller, session_now_ms());
			wait = sooner(teller_tick(&teller, session_now_ms()),
				r == 0 ? bus_watch_left_ms(&watch) : 0);
			polls[0] = teller_poll(&teller);
			polls[1] = bus_watch_poll(&watch);
			wait_for(polls, 2, wait);
			teller_on_poll(&teller, polls[0].revents);
		}
		bus_watch_end(&watch);
		teller_close(&teller);
		later(&retry, "the session bus", r);
	}
}

void witness_start(enum witness_kind kind, const char *runtime_directory)
{
	static struct lock_watch lock;
	pid_t parent = getpid(), child;

	(void)signal(SIGCHLD, SIG_IGN); /* valid; nobody waits for them */
	child = fork();
	if (child < 0)
		log_warning("cannot start a witness: %m, going on without");
	if (child != 0)
		return;
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(EXIT_FAILURE);
	if (kind == WITNESS_DISPLAY)
		lock_watch_init(&lock);
	restrict_self(FILTER_FILES | FILTER_IPC | FILTER_NAMES | FILTER_SERVE);
	if (kind == WITNESS_DISPLAY)
		display_run(runtime_directory, &lock);
	bus_run(runtime_directory);
}
