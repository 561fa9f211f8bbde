/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-wipe: one order after the other of its parts, each written down before it is begun. Descriptor 3 is the
 * socket to holdfastd, whose end means to stop; it is started again.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ipc/request.h"
#include "agent/vault/record.h"
#include "agent/wipe/wipe.h"
#include "common/boot.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/filter.h"
#include "common/log.h"
#include "common/privileges.h"

#define PARENT_FD  3
#define AGAIN_MS   1000
#define TELL_NS	   (60 * CLOCK_SECOND_NS) /* how often it says that it does not come further */
#define LOCK_TRIES 60			  /* so many seconds holdfast-vault is given to lock */

bool wipe_is_over(int wait_ms)
{
	struct pollfd parent = {.fd = PARENT_FD, .events = POLLIN};

	return poll(&parent, 1, wait_ms) > 0;
}

void wipe_note_failure(struct wipe *wipe, const char *what, int error)
{
	struct wipe_receipt *receipt = &wipe->journal.receipt;
	char *words;

	log_warning("%s is not removed: %s", what, strerror(error));
	if (receipt->failure_count < WIPE_RECEIPT_FAILURES) {
		words = receipt->failures[receipt->failure_count];
		(void)snprintf(words, WIPE_RECEIPT_FAILURE, "%.120s: %.30s", what, strerror(error));
		for (; *words; words++) /* names may hold anything */
			if ((unsigned char)*words < ' ' || *words == 0x7f)
				*words = '?';
	}
	receipt->failure_count++;
}

static int parse_options(int argc, char **argv, struct wipe *wipe)
{
	static const struct option known[] = {{"runtime-dir", required_argument, NULL, 'r'},
		{"state-dir", required_argument, NULL, 's'},
		{"uplink-dir", required_argument, NULL, 'u'},
		{"vault-dir", required_argument, NULL, 'V'},
		{"anchor", required_argument, NULL, 'a'}, {NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		if (option == 'r')
			wipe->runtime_directory = optarg;
		else if (option == 's')
			wipe->state_directory = optarg;
		else if (option == 'u')
			wipe->uplink_directory = optarg;
		else if (option == 'V')
			wipe->vault_directory = optarg;
		else if (option == 'a')
			wipe->anchor_path = optarg;
		else
			return -EINVAL;
	}
	return optind == argc ? 0 : -EINVAL;
}

static void open_directories(struct wipe *wipe)
{
	if (mkdir(wipe->state_directory, 0700) < 0 && errno != EEXIST)
		fatal("cannot make '%s': %m, stopping", wipe->state_directory);
	wipe->state_fd = open(
		wipe->state_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	wipe->uplink_fd = open(wipe->uplink_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	wipe->vault_fd = open(wipe->vault_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (wipe->state_fd < 0 || wipe->uplink_fd < 0)
		fatal("cannot open '%s' and '%s': %m, stopping", wipe->state_directory,
			wipe->uplink_directory);
}

/* Into other people's directories, to take out and write over what is in there; nothing more. */
static void restrict_self(void)
{
	static const cap_value_t keep[] = {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER};
	const struct privileges wanted = {
		.group = (gid_t)-1, .keep = keep, .keep_count = sizeof(keep) / sizeof(keep[0])};
	int r;

	r = privileges_drop(&wanted);
	if (r < 0)
		fatal("cannot give up privileges: %s, stopping", strerror(-r));
	r = filter_load(FILTER_FILES | FILTER_IPC | FILTER_NAMES | FILTER_WIPE);
	if (r < 0)
		fatal("cannot load the system call filter: %s, stopping", strerror(-r));
}

static const char *words_of(const struct wipe *wipe, const char *what)
{
	static char words[200];
	const struct wipe_receipt *receipt = &wipe->journal.receipt;

	if (receipt->order)
		(void)snprintf(words, sizeof(words), "%s: %s, order %llu of the console", what,
			lease_order_name(receipt->what), (unsigned long long)receipt->order);
	else
		(void)snprintf(words, sizeof(words), "%s: %s, as this computer was revoked", what,
			lease_order_name(receipt->what));
	return words;
}

static int begin(struct wipe *wipe, const struct lease *word, uint8_t what)
{
	struct wipe_receipt *receipt = &wipe->journal.receipt;
	int r;

	wipe->journal = (struct journal){.phase = JOURNAL_KEYS};
	(void)strcpy(receipt->tenant, word->tenant); /* as large */
	memcpy(receipt->device, word->asked.device, sizeof(receipt->device));
	receipt->order = word->order_number;
	receipt->what = what;
	receipt->begun_s = receipt->ended_s = clock_day_ms() / 1000;
	r = journal_write(wipe->state_fd, &wipe->journal);
	if (r == 0)
		ask_tell(wipe, WIPE_ORDERED, words_of(wipe, "is to be destroyed"));
	return r;
}

/* Whether the word orders what is not in the journal. A number counts once, for one device. */
static bool is_new(const struct wipe *wipe, const struct lease *word)
{
	const struct wipe_receipt *last = &wipe->journal.receipt;

	if (!wipe->journal.phase ||
		memcmp(last->device, word->asked.device, sizeof(last->device)) != 0)
		return true;
	return word->order ? word->order_number > last->order : last->order != 0;
}

/* 1: there is something to be done; 0: nothing; negative errno: it can't be said yet. */
static int find_order(struct wipe *wipe)
{
	struct lease word;
	uint8_t what;
	int r;

	r = journal_read(wipe->state_fd, &wipe->journal);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && wipe->journal.phase != JOURNAL_DONE)
		return 1;
	r = order_read(wipe, &word);
	if (r == -EKEYREJECTED)
		return 0;
	if (r == 0 && !word.order)
		r = ask_plan(wipe);
	if (r < 0)
		return r;
	what = word.order		     ? word.order
	       : word.state == LEASE_REVOKED ? wipe->plan.on_revoke
					     : LEASE_ORDER_NONE;
	if (!what || !is_new(wipe, &word))
		return 0;
	r = begin(wipe, &word, what);
	return r < 0 ? r : 1;
}

static int run_vaults(struct wipe *wipe)
{
	static unsigned int tries;
	int r = vaults_forget(wipe, ++tries > LOCK_TRIES);

	return r == 1 && tries <= LOCK_TRIES ? -EBUSY : r < 0 ? r : 0;
}

static int run_lineage(struct wipe *wipe)
{
	int r = wipe->journal.receipt.what < LEASE_ORDER_WIPE ? 0 : ask_lineage(wipe);

	wipe->journal.receipt.had_lineage |= r > 0;
	return r < 0 ? r : 0;
}

static int run_keys(struct wipe *wipe)
{
	ask_tell(wipe, WIPE_BEGUN, words_of(wipe, "is being destroyed"));
	return keys_destroy(wipe);
}

/* Told before it is signed, so that the event is delivered before the receipt. */
static int run_receipt(struct wipe *wipe)
{
	static bool is_told;
	char words[200];

	if (!is_told) {
		(void)snprintf(words, sizeof(words),
			"This computer was wiped: keys of %llu labels, %llu vaults, %llu labelled "
			"files; %llu kept, %llu not removed",
			(unsigned long long)wipe->journal.receipt.label_count,
			(unsigned long long)wipe->journal.receipt.vault_count,
			(unsigned long long)wipe->journal.receipt.removed,
			(unsigned long long)wipe->journal.receipt.kept,
			(unsigned long long)wipe->journal.receipt.failed);
		ask_tell(wipe, WIPE_ENDED, words);
	}
	is_told = true;
	return receipt_leave(wipe);
}

static int run_delivery(struct wipe *wipe)
{
	return receipt_is_delivered(wipe) ? 0 : -EINPROGRESS;
}

static int run_phase(struct wipe *wipe)
{
	switch (wipe->journal.phase) {
	case JOURNAL_KEYS:
		return run_keys(wipe);
	case JOURNAL_FILES:
		return files_destroy(wipe);
	case JOURNAL_VAULTS:
		return run_vaults(wipe);
	case JOURNAL_LINEAGE:
		return run_lineage(wipe);
	case JOURNAL_RECEIPT:
		return run_receipt(wipe);
	case JOURNAL_DELIVERY:
		return run_delivery(wipe);
	case JOURNAL_DONE:
	case JOURNAL_PHASE_MAX:
		break;
	}
	return -EINVAL;
}

/* What is only waited for is no trouble. */
static void tell_trouble(struct wipe *wipe, int r)
{
	static uint64_t told_ns;
	uint64_t now = clock_boot_ns();
	char words[200];

	if (r == -EINPROGRESS || r == -EINTR || (told_ns && now - told_ns < TELL_NS))
		return;
	if (told_ns || (r != -EAGAIN && r != -EBUSY && r != -ECONNREFUSED && r != -ENOENT)) {
		(void)snprintf(words, sizeof(words), "does not come further: %s, trying again",
			strerror(-r));
		ask_tell(wipe, WIPE_FAILED, words_of(wipe, words));
	}
	told_ns = now;
}

static int step(struct wipe *wipe)
{
	int r = run_phase(wipe);

	if (r < 0)
		return r;
	wipe->journal.phase++;
	r = journal_write(wipe->state_fd, &wipe->journal);
	if (r < 0)
		wipe->journal.phase--;
	return r;
}

int main(int argc, char **argv)
{
	static struct wipe wipe = {.runtime_directory = LOCAL_RUNTIME_DIRECTORY,
		.state_directory = WIPE_DIRECTORY,
		.uplink_directory = "/var/lib/holdfast-uplink",
		.vault_directory = RECORD_DIRECTORY,
		.anchor_path = "/etc/holdfast/console-ca.pem",
		.engine_fd = -EBADF,
		.keyring_fd = -EBADF};
	int r;

	if (parse_options(argc, argv, &wipe) < 0 || fcntl(PARENT_FD, F_GETFD) < 0) {
		(void)fprintf(stderr, "holdfast-wipe is started by holdfastd(8)\n");
		return 2;
	}
	log_open("holdfast-wipe", false);
	(void)umask(022); /* returns the old one; uplink reads the receipt */
	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL); /* reads its files before the filter */
	(void)boot_look();				     /* who proves a word is told */
	open_directories(&wipe);
	restrict_self();
	while ((r = find_order(&wipe)) < 0) {
		tell_trouble(&wipe, r);
		if (wipe_is_over(AGAIN_MS))
			return EXIT_SUCCESS;
	}
	while (r > 0 && wipe.journal.phase != JOURNAL_DONE) {
		int failed = step(&wipe);

		if (failed < 0)
			tell_trouble(&wipe, failed);
		if (wipe_is_over(failed < 0 ? AGAIN_MS : 0))
			return EXIT_SUCCESS;
	}
	ask_tell(&wipe, WIPE_IDLE, "");
	return EXIT_SUCCESS;
}
