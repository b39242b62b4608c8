/* bench_bare.c - the reference: a bare libcurl multi loop that posts one body N times and drops the answers.
 * bench_bare URL N CONCURRENCY BODY_BYTES prints requests a second and CPU microseconds a request. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static size_t drop(char *data, size_t size, size_t n, void *user)
{
    (void)data;
    (void)user;
    return size * n;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_seconds(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

/* A Gemini request of about `bytes` bytes. */
static char *make_body(size_t bytes)
{
    static const char head[] = "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"";
    static const char tail[] = "\"}]}]}";
    size_t fill = bytes > sizeof head + sizeof tail ? bytes - sizeof head - sizeof tail : 1;
    char *body = malloc(sizeof head + fill + sizeof tail);
    memcpy(body, head, sizeof head - 1);
    memset(body + sizeof head - 1, 'x', fill);
    memcpy(body + sizeof head - 1 + fill, tail, sizeof tail);
    return body;
}

static CURL *make_easy(const char *url, const char *body, struct curl_slist *headers)
{
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    return easy;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: bench_bare URL N CONCURRENCY BODY_BYTES\n");
        return 2;
    }
    int n = atoi(argv[2]), concurrency = atoi(argv[3]), begun = 0, done = 0, failed = 0;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)concurrency);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    const char *key = getenv("GEMINI_API_KEY");
    char line[256];
    snprintf(line, sizeof line, "x-goog-api-key: %s", key ? key : "bench");
    headers = curl_slist_append(headers, line);
    char *body = make_body((size_t)atol(argv[4]));

    double start = seconds(), cpu = cpu_seconds();
    for (; begun < n && begun < concurrency; begun++)
        curl_multi_add_handle(multi, make_easy(argv[1], body, headers));
    while (done < n) {
        int running = 0, left = 0;
        curl_multi_perform(multi, &running);
        for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
            long http = 0;
            CURL *easy = message->easy_handle;
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &http);
            failed += http != 200;
            done++;
            curl_multi_remove_handle(multi, easy);
            if (begun < n) {
                begun++;
                curl_multi_add_handle(multi, easy);
            } else {
                curl_easy_cleanup(easy);
            }
        }
        if (done < n)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    double wall = seconds() - start;
    printf("%.0f requests/s, %.1f us CPU a request, %d failed\n", n / wall, (cpu_seconds() - cpu) * 1e6 / n,
           failed);
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    free(body);
    return failed != 0;
}
