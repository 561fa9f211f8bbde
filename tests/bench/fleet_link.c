/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/fleet_link.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"

#define ANSWER_STEP 2048

static int connect_from(const struct link_plan *plan)
{
	auto_close int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0)
		return -errno;
	/* the port is chosen when both ends are known: one source has 28,000 to each of its peers */
	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) < 0 ||
		bind(fd, (const struct sockaddr *)&plan->from, sizeof(plan->from)) < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&plan->to, sizeof(plan->to)) < 0 &&
		errno != EINPROGRESS)
		return -errno;
	return take_fd(fd);
}

static int shake(struct link *link, const struct link_plan *plan)
{
	link->ssl = SSL_new(plan->tls);
	if (!link->ssl || SSL_set_fd(link->ssl, link->fd) != 1 ||
		SSL_set_app_data(link->ssl, plan->userdata) != 1)
		return -ENOMEM;
	if (plan->certificate && (SSL_use_certificate(link->ssl, plan->certificate) != 1 ||
					 SSL_use_PrivateKey(link->ssl, plan->key) != 1))
		return -EINVAL;
	if (plan->session)
		(void)SSL_set_session(link->ssl, plan->session); /* else: a full handshake */
	SSL_set_connect_state(link->ssl);
	return 0;
}

int link_open(struct link *link, const struct link_plan *plan)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = plan->userdata};
	int r;

	*link = (struct link){.fd = connect_from(plan)};
	if (link->fd < 0)
		return link->fd;
	r = shake(link, plan);
	if (r == 0 && epoll_ctl(plan->epoll_fd, EPOLL_CTL_ADD, link->fd, &event) < 0)
		r = -errno;
	if (r < 0)
		link_close(link);
	return r;
}

void link_close(struct link *link)
{
	if (link->ssl) {
		/* else OpenSSL would let nobody resume what did not end in order; libcurl does the same */
		SSL_set_shutdown(link->ssl, SSL_SENT_SHUTDOWN);
		SSL_free(link->ssl);
	}
	if (link->fd >= 0)
		(void)close(link->fd); /* nothing is kept by it */
	free(link->answer);
	*link = (struct link){.fd = -1};
}

void link_ask(struct link *link, const char *request, size_t size)
{
	free(take_ptr(link->answer));
	link->answer_size = link->answer_room = 0;
	link->request = request;
	link->request_size = size;
	link->request_sent = 0;
	link->is_asked = true;
}

/* What OpenSSL says of a step: 1 done, 0 later, -1 the link is gone. */
static int step(struct link *link, int result)
{
	int error = result > 0 ? SSL_ERROR_NONE : SSL_get_error(link->ssl, result);

	if (error == SSL_ERROR_NONE)
		return 1;
	ERR_clear_error();
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

/* 1 when all of the request is out. */
static int send_request(struct link *link)
{
	while (link->request_sent < link->request_size) {
		int sent = SSL_write(link->ssl, link->request + link->request_sent,
			(int)(link->request_size - link->request_sent));
		int r = step(link, sent);

		if (r <= 0)
			return r;
		link->request_sent += (size_t)sent;
	}
	return 1;
}

static bool answer_grow(struct link *link)
{
	size_t room = link->answer_room ? 2 * link->answer_room : ANSWER_STEP;
	char *larger;

	if (link->answer_size + 1 < link->answer_room)
		return true;
	larger = room > LINK_ANSWER_MAX ? NULL : realloc(link->answer, room);
	if (!larger)
		return false;
	link->answer = larger;
	link->answer_room = room;
	return true;
}

/* Where the body begins, and how large it will be; false while the head is not whole. */
static bool read_head(const struct link *link, size_t *ret_start, size_t *ret_size)
{
	const char *end = link->answer ? strstr(link->answer, "\r\n\r\n") : NULL, *length;

	if (!end)
		return false;
	length = strcasestr(link->answer, "\r\nContent-Length:");
	*ret_start = (size_t)(end + 4 - link->answer);
	*ret_size = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
	return true;
}

static enum link_state receive(struct link *link)
{
	size_t start, size;
	int got, r;

	for (;;) {
		if (!answer_grow(link))
			return LINK_GONE;
		got = SSL_read(link->ssl, link->answer + link->answer_size,
			(int)(link->answer_room - link->answer_size - 1));
		r = step(link, got);
		if (r < 0)
			return LINK_GONE;
		if (r == 0)
			break;
		link->answer_size += (size_t)got;
		link->answer[link->answer_size] = '\0';
	}
	if (!link->answer_size)
		free(take_ptr(link->answer)), link->answer_room = 0; /* idle ones are to be small */
	if (!link->is_asked || !read_head(link, &start, &size) || link->answer_size < start + size)
		return LINK_WAITS;
	link->is_asked = false;
	return LINK_ANSWERED;
}

enum link_state link_turn(struct link *link)
{
	int r;

	if (!link->is_shaken) {
		r = step(link, SSL_do_handshake(link->ssl));
		if (r <= 0)
			return r < 0 ? LINK_GONE : LINK_WAITS;
		link->is_shaken = true;
		link->is_resumed = SSL_session_reused(link->ssl);
	}
	if (link->is_asked && send_request(link) < 0)
		return LINK_GONE;
	return receive(link);
}

struct link_answer link_answer(const struct link *link)
{
	struct link_answer answer = {0};
	size_t start;

	if (read_head(link, &start, &answer.size)) {
		answer.status = (unsigned int)strtoul(link->answer + strlen("HTTP/1.1 "), NULL, 10);
		answer.body = link->answer + start;
	}
	return answer;
}
