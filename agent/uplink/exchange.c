/* SPDX-License-Identifier: Apache-2.0 */
/* One request, its answer, and when the next one may be made. */
#include "agent/uplink/exchange.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/rand.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

#define RETRY_SECONDS_MAX 86400
#define ANSWER_STEP	  16384

struct exchange {
	struct exchange_plan plan;
	struct network_transfer transfer;
	struct curl_slist *headers;
	unsigned int console; /* in config */
	unsigned int tried;   /* one after the other without success */
	uint64_t pause_ms;    /* bound of the next pause */
	uint64_t ready_ns;    /* when the pause is over, on the boot clock */
	char url[CONFIG_URL_SIZE + 128];
	char error[CURL_ERROR_SIZE];
	char *answer;
	size_t answer_size, answer_room;
};

struct exchange *exchange_new(const struct exchange_plan *plan)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	if (!exchange)
		return NULL;
	exchange->plan = *plan;
	exchange->pause_ms = EXCHANGE_PAUSE_MIN_MS;
	return exchange;
}

static void transfer_end(struct exchange *exchange)
{
	network_drop(exchange->plan.network, &exchange->transfer);
	exchange->transfer.is_done = false;
	curl_slist_free_all(exchange->headers);
	exchange->headers = NULL;
}

void exchange_free(struct exchange *exchange)
{
	if (!exchange)
		return;
	transfer_end(exchange);
	free(exchange->answer);
	free(exchange);
}

bool exchange_is_ready(const struct exchange *exchange)
{
	return !exchange->transfer.easy && !exchange->transfer.is_done &&
	       clock_boot_ns() >= exchange->ready_ns;
}

/* Memory for the answer, and its NUL. */
static bool answer_grow(struct exchange *exchange, size_t size)
{
	size_t room = exchange->answer_room;
	char *larger;

	while (room < size + 1)
		room = room ? 2 * room : ANSWER_STEP;
	if (room == exchange->answer_room)
		return true;
	larger = realloc(exchange->answer, room);
	if (!larger)
		return false;
	exchange->answer = larger;
	exchange->answer_room = room;
	return true;
}

static size_t on_body(char *bytes, size_t one, size_t count, void *userdata)
{
	struct exchange *exchange = userdata;
	size_t size = one * count;

	if (size > exchange->plan.answer_max - exchange->answer_size ||
		!answer_grow(exchange, exchange->answer_size + size))
		return 0; /* ends the transfer */
	memcpy(exchange->answer + exchange->answer_size, bytes, size);
	exchange->answer_size += size;
	return size;
}

static bool set_request(
	struct exchange *exchange, CURL *easy, const struct exchange_request *request)
{
	bool is_set = true;
	char type[128];

	is_set &= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->error) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_URL, exchange->url) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, exchange->plan.silence_s) ==
		  CURLE_OK;
	if (request->type) {
		(void)snprintf(type, sizeof(type), "Content-Type: %s", request->type);
		exchange->headers = curl_slist_append(NULL, type);
		/* A body of a batch is above the size for which libcurl would ask first. */
		if (exchange->headers)
			is_set &= curl_slist_append(exchange->headers, "Expect:") != NULL;
		is_set &= exchange->headers != NULL;
		is_set &= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers) == CURLE_OK;
		is_set &= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body) == CURLE_OK;
		is_set &= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
				  (curl_off_t)request->size) == CURLE_OK;
	}
	if (request->token) {
		is_set &= curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) ==
			  CURLE_OK;
		is_set &= curl_easy_setopt(easy, CURLOPT_USERNAME, "token") == CURLE_OK;
		is_set &= curl_easy_setopt(easy, CURLOPT_PASSWORD, request->token) == CURLE_OK;
	}
	return is_set;
}

int exchange_begin(struct exchange *exchange, const struct exchange_request *request)
{
	CURL *easy;

	if (exchange->transfer.easy)
		return -EBUSY;
	(void)snprintf(exchange->url, sizeof(exchange->url), "%s%s", exchange_console(exchange),
		request->path);
	exchange->error[0] = '\0';
	exchange->answer_size = 0;
	easy = exchange->transfer.easy = curl_easy_init();
	if (!easy || !answer_grow(exchange, 0) ||
		!network_prepare(exchange->plan.network, easy, exchange->plan.config) ||
		!set_request(exchange, easy, request) ||
		network_add(exchange->plan.network, &exchange->transfer) < 0) {
		transfer_end(exchange);
		return -ENOMEM;
	}
	return 0;
}

/* In words; a certificate of another time is as likely to be this device's clock. */
static void set_error(struct exchange *exchange, CURL *easy, CURLcode result, char *ret_error)
{
	const char *error = exchange->error[0] ? exchange->error : curl_easy_strerror(result);
	char now[CLOCK_TEXT_SIZE] = "";
	long verified = X509_V_OK;

	if (easy && result == CURLE_PEER_FAILED_VERIFICATION)
		(void)curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verified); /* known */
	if (verified == X509_V_ERR_CERT_NOT_YET_VALID || verified == X509_V_ERR_CERT_HAS_EXPIRED) {
		clock_format(clock_day_ms(), now);
		(void)snprintf(ret_error, EXCHANGE_ERROR_SIZE,
			"%.180s: by this device's clock, where it is %.10s", error, now);
		return;
	}
	(void)snprintf(ret_error, EXCHANGE_ERROR_SIZE, "%s", error);
}

int exchange_take(struct exchange *exchange, struct exchange_answer *ret_answer)
{
	CURL *easy = exchange->transfer.easy; /* NULL: ended by a change of who we are */
	CURLcode result = exchange->transfer.result;
	curl_off_t retry = 0;

	if (!exchange->transfer.is_done)
		return 0;
	*ret_answer = (struct exchange_answer){
		.body = exchange->answer, .size = exchange->answer_size};
	exchange->answer[exchange->answer_size] = '\0';
	if (easy && result == CURLE_OK) { /* known options */
		(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &ret_answer->status);
		(void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry);
	}
	if (retry > 0)
		ret_answer->retry_ms =
			(uint64_t)(retry < RETRY_SECONDS_MAX ? retry : RETRY_SECONDS_MAX) * 1000;
	if (result != CURLE_OK)
		set_error(exchange, easy, result, ret_answer->error);
	transfer_end(exchange);
	return 1;
}

static uint64_t random_below(uint64_t bound)
{
	uint64_t number = 0;

	if (RAND_bytes((unsigned char *)&number, sizeof(number)) != 1 || !bound)
		return bound;
	return number % bound;
}

void exchange_settle(struct exchange *exchange, bool is_good, uint64_t retry_ms)
{
	uint64_t pause = retry_ms;

	if (is_good) {
		exchange->tried = 0;
		exchange->pause_ms = EXCHANGE_PAUSE_MIN_MS;
	} else {
		exchange->console = (exchange->console + 1) % exchange->plan.config->console_count;
		if (++exchange->tried >= exchange->plan.config->console_count) {
			exchange->tried = 0;
			pause += random_below(exchange->pause_ms);
			exchange->pause_ms *= 2;
			if (exchange->pause_ms > EXCHANGE_PAUSE_MAX_MS)
				exchange->pause_ms = EXCHANGE_PAUSE_MAX_MS;
		}
	}
	exchange->ready_ns = clock_boot_ns() + pause * 1000000;
}

const char *exchange_console(const struct exchange *exchange)
{
	return exchange->plan.config->consoles[exchange->console];
}
