/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/page/https.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct body {
	struct https_answer *answer;
	size_t size_max;
	bool is_too_large;
};

static size_t on_bytes(char *bytes, size_t size, size_t count, void *userdata)
{
	struct body *body = userdata;
	struct https_answer *answer = body->answer;
	size_t more = size * count;
	char *text;

	if (more > body->size_max - answer->size) {
		body->is_too_large = true;
		return 0; /* ends the transfer */
	}
	text = realloc(answer->text, answer->size + more + 1);
	if (!text)
		return 0;
	memcpy(text + answer->size, bytes, more);
	answer->text = text;
	answer->size += more;
	text[answer->size] = '\0';
	return more;
}

static bool prepare(CURL *easy, const struct https_question *question, struct body *body)
{
	const long version = (long)CURL_SSLVERSION_TLSv1_2;
	bool is_set = true;

	is_set &= curl_easy_setopt(easy, CURLOPT_URL, question->address) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_SSLVERSION, version) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)HTTPS_TIMEOUT_S) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_WRITEDATA, body) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_USERAGENT, "holdfast/" HOLDFAST_VERSION) ==
		  CURLE_OK;
	if (question->ca[0]) {
		is_set &= curl_easy_setopt(easy, CURLOPT_CAINFO, question->ca) == CURLE_OK;
		is_set &= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
	}
	if (question->form)
		is_set &= curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, question->form) ==
			  CURLE_OK;
	return is_set;
}

int https_ask(const struct https_question *question, struct https_answer *ret_answer,
	char *ret_words, size_t words_size)
{
	CURL *easy = curl_easy_init();
	struct https_answer answer = {.text = calloc(1, 1)};
	struct body body = {.answer = &answer, .size_max = question->size_max};
	CURLcode code;
	int r = 0;

	if (!easy || !answer.text || !prepare(easy, question, &body)) {
		r = -ENOMEM;
		(void)snprintf(ret_words, words_size, "no memory");
		goto out;
	}
	code = curl_easy_perform(easy);
	if (code == CURLE_OK) {
		(void)curl_easy_getinfo(
			easy, CURLINFO_RESPONSE_CODE, &answer.status); /* else 0: no status */
		*ret_answer = answer;
		answer.text = NULL;
	} else {
		r = body.is_too_large ? -EFBIG
		    : code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_PEER_FAILED_VERIFICATION
			    ? -EPROTO
			    : -EHOSTUNREACH;
		(void)snprintf(ret_words, words_size, "%.200s: %s", question->address,
			body.is_too_large ? "it answers too much" : curl_easy_strerror(code));
	}
out:
	free(answer.text);
	curl_easy_cleanup(easy);
	return r;
}

void https_answer_done(struct https_answer *answer)
{
	if (answer->text)
		explicit_bzero(answer->text, answer->size);
	free(answer->text);
	*answer = (struct https_answer){0};
}

char *https_escape(const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0);
	char *copy = escaped ? strdup(escaped) : NULL;

	curl_free(escaped);
	return copy;
}
