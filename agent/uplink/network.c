/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's multi interface: its loop waits for our other descriptors too. */
#include "agent/uplink/network.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "agent/uplink/keyring_client.h"

#define CONNECT_TIMEOUT_MS 15000L

struct network {
	CURLM *multi;
	CURLSH *sessions; /* of TLS, to resume: each transfer's own handle would forget them */
	X509 *chain[NETWORK_CHAIN_MAX];
	size_t chain_count;
	struct network_transfer *transfers[NETWORK_TRANSFER_MAX]; /* borrowed */
};

static CURLSH *sessions_new(void)
{
	CURLSH *sessions = curl_share_init();

	if (sessions && curl_share_setopt(sessions, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) !=
				CURLSHE_OK) {
		(void)curl_share_cleanup(sessions); /* nobody uses it */
		return NULL;
	}
	return sessions;
}

struct network *network_new(void)
{
	struct network *network = calloc(1, sizeof(*network));

	if (!network)
		return NULL;
	network->multi = curl_multi_init();
	network->sessions = sessions_new();
	if (!network->multi || !network->sessions) {
		network_free(network);
		return NULL;
	}
	return network;
}

static void chain_clear(struct network *network)
{
	for (size_t i = 0; i < network->chain_count; i++)
		X509_free(network->chain[i]);
	network->chain_count = 0;
}

void network_free(struct network *network)
{
	if (!network)
		return;
	if (!network)
		return;
	chain_clear(network);
	(void)curl_multi_cleanup(
		network->multi); /* memory and sockets only; NULL is fine, here too */
	(void)curl_share_cleanup(network->sessions);
	free(network);
}

void network_identify(struct network *network, X509 *const *chain, size_t count)
{
	/* the old ones' connections and sessions are of who we were */
	CURLM *fresh = curl_multi_init();
	CURLSH *sessions = sessions_new();

	for (unsigned int i = 0; i < NETWORK_TRANSFER_MAX; i++) {
		struct network_transfer *transfer = network->transfers[i];

		if (!transfer)
			continue;
		network_drop(network, transfer);
		transfer->is_done = true;
		transfer->result = CURLE_ABORTED_BY_CALLBACK;
	}
	if (fresh) {
		(void)curl_multi_cleanup(network->multi); /* memory and sockets only */
		network->multi = fresh;
	}
	if (sessions) {
		(void)curl_share_cleanup(network->sessions); /* no transfer is left */
		network->sessions = sessions;
	}
	chain_clear(network);
	for (size_t i = 0; i < count && i < NETWORK_CHAIN_MAX; i++) {
		(void)X509_up_ref(chain[i]); /* can't fail: it is there */
		network->chain[network->chain_count++] = chain[i];
	}
}

/* Called by libcurl for each new TLS context. */
static CURLcode on_tls(CURL *easy, void *context, void *userdata)
{
	struct network *network = userdata;
	EVP_PKEY *key;
	bool is_set;

	(void)easy;
	if (!network->chain_count)
		return CURLE_OK;
	key = keyring_key();
	is_set = key && SSL_CTX_use_certificate(context, network->chain[0]) == 1 &&
		 SSL_CTX_use_PrivateKey(context, key) == 1;
	EVP_PKEY_free(key);
	for (size_t i = 1; is_set && i < network->chain_count; i++)
		is_set = SSL_CTX_add1_chain_cert(context, network->chain[i]) == 1;
	return is_set ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

bool network_prepare(struct network *network, CURL *easy, const struct config *config)
{
	const long version = (long)CURL_SSLVERSION_TLSv1_3 | (long)CURL_SSLVERSION_MAX_TLSv1_3;
	bool is_set = true;

	is_set &= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_SSLVERSION, version) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_path) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, network) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_SHARE, network->sessions) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK;
	is_set &= curl_easy_setopt(easy, CURLOPT_USERAGENT, "holdfast/" HOLDFAST_VERSION) ==
		  CURLE_OK;
	if (config->proxy[0])
		is_set &= curl_easy_setopt(easy, CURLOPT_PROXY, config->proxy) == CURLE_OK;
	return is_set;
}

int network_add(struct network *network, struct network_transfer *transfer)
{
	for (unsigned int i = 0; i < NETWORK_TRANSFER_MAX; i++) {
		if (network->transfers[i])
			continue;
		if (curl_multi_add_handle(network->multi, transfer->easy) != CURLM_OK)
			return -ENOMEM;
		transfer->is_done = false;
		network->transfers[i] = transfer;
		return 0;
	}
	return -ENOMEM;
}

void network_drop(struct network *network, struct network_transfer *transfer)
{
	for (unsigned int i = 0; i < NETWORK_TRANSFER_MAX; i++) {
		if (network->transfers[i] != transfer)
			continue;
		(void)curl_multi_remove_handle(network->multi, transfer->easy); /* is in it */
		network->transfers[i] = NULL;
	}
	if (transfer->easy)
		curl_easy_cleanup(transfer->easy);
	transfer->easy = NULL;
}

static void mark_done(struct network *network, const CURLMsg *message)
{
	for (unsigned int i = 0; i < NETWORK_TRANSFER_MAX; i++) {
		struct network_transfer *transfer = network->transfers[i];

		if (!transfer || transfer->easy != message->easy_handle)
			continue;
		transfer->is_done = true;
		transfer->result = message->data.result;
	}
}

void network_wait(struct network *network, struct pollfd *polls, unsigned int count, int timeout_ms)
{
	struct curl_waitfd waits[NETWORK_POLL_MAX] = {0};
	int running, left;
	CURLMsg *message;

	if (count > NETWORK_POLL_MAX)
		count = NETWORK_POLL_MAX;
	for (unsigned int i = 0; i < count; i++)
		waits[i] = (struct curl_waitfd){.fd = polls[i].fd, .events = CURL_WAIT_POLLIN};
	(void)curl_multi_perform(network->multi, &running); /* what is wrong comes as a message */
	(void)curl_multi_poll(network->multi, waits, count, timeout_ms, NULL); /* likewise */
	for (unsigned int i = 0; i < count; i++)
		polls[i].revents = waits[i].revents;
	(void)curl_multi_perform(network->multi, &running); /* likewise */
	while ((message = curl_multi_info_read(network->multi, &left)) != NULL)
		if (message->msg == CURLMSG_DONE)
			mark_done(network, message);
}
