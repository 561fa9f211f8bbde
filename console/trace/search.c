/* SPDX-License-Identifier: Apache-2.0 */
#include "console/trace/search.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/cleanup.h"
#include "console/ipc/process.h"
#include "console/trace/picture.h"
#include "watermark/read.h"

#define NOBODY	    "nobody"
#define MEMORY_MAX  (UINT64_C(4) << 30) /* 64 million pixels, as numbers, and what libraries want */
#define HIT_SIZE    (SEARCH_FRAME_SIZE + 4)
#define RESULT_SIZE 4

/* In the child: a frame to the parent, and its word. */
static int ask_parent(const uint8_t frame[WATERMARK_FRAME_BITS], float confidence,
	struct watermark_payload *ret_payload, void *userdata)
{
	const int *fd = userdata;
	uint8_t bytes[HIT_SIZE] = {0}, word;

	for (unsigned int i = 0; i < WATERMARK_FRAME_BITS; i++)
		bytes[i / 8] |= (uint8_t)(frame[i] << (7 - i % 8));
	memcpy(bytes + SEARCH_FRAME_SIZE, &confidence, sizeof(confidence));
	if (write(*fd, bytes, sizeof(bytes)) != sizeof(bytes) || read(*fd, &word, 1) != 1)
		return -EPIPE;
	*ret_payload = (struct watermark_payload){0}; /* which is not for this process to know */
	return word ? -EBADMSG : 0;
}

static _Noreturn void run(const struct search *search, int fd)
{
	const struct rlimit memory = {MEMORY_MAX, MEMORY_MAX};
	const struct rlimit time = {SEARCH_SECONDS_MAX, SEARCH_SECONDS_MAX};
	auto_call(picture_done) struct picture picture = {0};
	struct watermark_found found;
	int32_t result;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setrlimit(RLIMIT_AS, &memory) < 0 ||
		setrlimit(RLIMIT_CPU, &time) < 0)
		_exit(EXIT_FAILURE);
	process_restrict(geteuid() == 0 ? NOBODY : NULL, 0);
	result = picture_decode(search->bytes, search->size, &picture);
	if (result == 0) {
		const struct luma luma = {picture.width, picture.height, picture.luma};

		result = watermark_find(&luma, search->lattice, ask_parent, &fd, &found);
	}
	_exit(write(fd, &result, sizeof(result)) == sizeof(result) ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* What the child says of the whole: as errors go, and nothing that it could not mean. */
static int result_of(const uint8_t bytes[RESULT_SIZE])
{
	int32_t result;

	memcpy(&result, bytes, sizeof(result));
	return result > 0 || result < -4095 ? -EBADMSG : result;
}

/* In the parent, until the child is done. */
static int attend(const struct search *search, int fd, struct search_hit *ret_hit)
{
	struct search_hit hit;
	uint8_t bytes[HIT_SIZE], word;
	bool is_taken = false;
	ssize_t size;
	int r;

	for (;;) {
		size = recv(fd, bytes, sizeof(bytes), 0);
		if (size == RESULT_SIZE) {
			r = result_of(bytes);
			return r == 0 && !is_taken ? -EBADMSG : r;
		}
		if (size != sizeof(bytes))
			return -ECHILD;
		memcpy(hit.frame, bytes, sizeof(hit.frame));
		memcpy(&hit.confidence, bytes + SEARCH_FRAME_SIZE, sizeof(hit.confidence));
		r = search->judge(&hit, search->userdata);
		if (r < 0)
			return r;
		word = r > 0;
		is_taken = r == 0;
		if (is_taken)
			*ret_hit = hit;
		if (send(fd, &word, 1, MSG_NOSIGNAL) != 1)
			return -ECHILD;
	}
}

int search_picture(const struct search *search, struct search_hit *ret_hit)
{
	auto_close int own = -EBADF, childs = -EBADF;
	int pair[2], r;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	own = pair[0];
	childs = pair[1];
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0) {
		(void)close(own); /* the parent's */
		run(search, childs);
	}
	(void)close(childs); /* the child has its own */
	childs = -EBADF;
	r = attend(search, own, ret_hit);
	(void)kill(child, SIGKILL); /* it may have ended */
	(void)waitpid(child, NULL, 0);
	return r;
}
