// What a receiver gets: a CloudEvent over HTTP and TLS, signed; and what is told of an address that cannot be used.
#include "gateway/webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <optional>

#include "api/resource.h"
#include "apiserver/local_client.h"
#include "apiserver/server.h"
#include "base/strings.h"
#include "data/json.h"
#include "gateway/test_objects.h"
#include "gateway/webhook_signature.h"
#include "http/pki.h"
#include "http/server.h"
#include "store/memory_store.h"

namespace slipway::gateway {
namespace {

using base::Code;
using data::Value;
using test::json;
using testing::HasSubstr;
using testing::Not;

// The example of the standard's own libraries.
TEST(WebhookSignature, is_that_of_standard_webhooks) {
  EXPECT_EQ(webhook_signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
                              R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookSignature, depends_on_all_that_is_signed) {
  const std::string one = webhook_signature("key", "id", "1", "body");
  EXPECT_NE(one, webhook_signature("kez", "id", "1", "body"));
  EXPECT_NE(one, webhook_signature("key", "ie", "1", "body"));
  EXPECT_NE(one, webhook_signature("key", "id", "2", "body"));
  EXPECT_NE(one, webhook_signature("key", "id", "1", "bodz"));
  EXPECT_EQ(webhook_signature("whsec_not base64", "id", "1", "body"), "");
  EXPECT_EQ(webhook_signature("", "id", "1", "body"), "");
}

// A real receiver; it remembers what it got.
class WebhookTest : public testing::Test {
 protected:
  void serve(std::shared_ptr<const http::TlsContext> tls = nullptr) {
    tls_ = tls != nullptr;
    server_ = http::Server::start({.listeners = {{.address = "127.0.0.1", .port = 0, .tls = std::move(tls)}}},
                                  [this](http::Request request, http::ResponseWriter writer) {
                                    const std::lock_guard lock(mutex_);
                                    got_.push_back(request);
                                    if (silent_) return kept_.push_back(std::move(writer));
                                    writer.respond(status_, headers_, http::bytes_of("x"));
                                  })
                  .value();
  }
  std::string address(const std::string& path = "/hook?token=s3cret") {
    return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(server_->ports()[0]) + path;
  }
  static Value event() {
    return json(R"({"specversion":"1.0","id":"u-1","type":"dev.slipway.release.started","data":{"a":1}})");
  }
  Value about(const std::string& more = "{}") { return json(more).with("event", event()).with("url", address()); }
  base::Result<Value> send(const Value& question, bool allow_loopback = true, client::ApiClient* secrets = nullptr) {
    Webhook port(loop_, {.allow_loopback = allow_loopback, .secrets = secrets});
    std::optional<base::Result<Value>> answer;
    port.perform("id", question, [&](base::Result<Value> got) { answer = std::move(got); });
    EXPECT_FALSE(answer) << "answers come later";
    while (!answer) loop_.run_one();
    return *answer;
  }

  runtime::real::Loop loop_;
  bool tls_ = false;
  std::mutex mutex_;
  std::vector<http::Request> got_;
  int status_ = 204;
  http::Headers headers_;
  bool silent_ = false;
  std::vector<http::ResponseWriter> kept_;
  std::unique_ptr<http::Server> server_;
};

TEST_F(WebhookTest, an_event_is_posted_as_it_is) {
  serve();
  const auto answer = send(about(R"({"headers":[{"name":"X-Team","value":"shop"}]})"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ((*answer)["status"], Value(204));
  ASSERT_EQ(got_.size(), 1u);
  EXPECT_EQ(got_[0].method, "POST");
  EXPECT_EQ(got_[0].target, "/hook?token=s3cret");
  EXPECT_EQ(got_[0].headers.get("Content-Type"), "application/cloudevents+json; charset=UTF-8");
  EXPECT_EQ(got_[0].headers.get("X-Team"), "shop");
  EXPECT_FALSE(got_[0].headers.has("webhook-signature"));
  EXPECT_EQ(json(got_[0].body), event());
}

TEST_F(WebhookTest, whatever_the_receiver_answers_is_the_answer) {
  serve();
  status_ = 429;
  headers_ = {{"Retry-After", "17"}};
  auto answer = send(about());
  ASSERT_TRUE(answer);
  EXPECT_EQ((*answer)["status"], Value(429));
  EXPECT_EQ((*answer)["retryAfter"], Value(17));
  EXPECT_THAT((*answer)["server"].str(), Not(HasSubstr("s3cret")));
  status_ = 302;
  headers_ = {{"Location", "http://169.254.169.254/"}};
  answer = send(about());
  ASSERT_TRUE(answer);
  EXPECT_EQ((*answer)["status"], Value(302)) << "not followed";
  EXPECT_EQ(got_.size(), 2u);
}

TEST_F(WebhookTest, silence_is_a_timeout_that_shows_no_secret) {
  serve();
  silent_ = true;
  const auto answer = send(about(R"({"timeout":"50ms"})"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::Timeout);
  EXPECT_THAT(answer.error().message, HasSubstr("/hook"));
  EXPECT_THAT(answer.error().message, Not(HasSubstr("s3cret")));
}

TEST_F(WebhookTest, this_machine_and_the_link_are_out_of_reach) {
  serve();
  EXPECT_EQ(send(about(), false).error().code, Code::Forbidden);
  for (const char* url : {"http://169.254.169.254/", "http://[fe80::1]/", "http://metadata.google.internal/"})
    EXPECT_EQ(send(about().with("url", url)).error().code, Code::Forbidden) << url;
  for (const char* url : {"", "ftp://m.example/", "http://ann:pw@m.example/"})
    EXPECT_EQ(send(about().with("url", url)).error().code, Code::Invalid) << url;
  EXPECT_TRUE(got_.empty());
}

// An API server with the Secret, and a receiver behind TLS that the Secret's authority vouches for.
class WebhookWithSecret : public WebhookTest {
 protected:
  WebhookWithSecret() {
    api_server_.start();
    create(api::kNamespaces, "", json(R"({"metadata":{"name":"shop"}})"));
  }
  void serve_tls() {
    serve(*http::TlsContext::make(http::TlsContext::Server{.certificate = own_.certificate, .key = own_.key}));
  }
  void create(const api::Resource& resource, const std::string& space, const Value& object) {
    std::optional<client::Answer> answer;
    api_.call({.verb = client::Verb::Create, .resource = resource, .space = space, .body = object},
              [&](client::Answer got) { answer = std::move(got); });
    while (!answer) loop_.run_one();
    ASSERT_TRUE(*answer) << answer->error().message;
  }
  void keep(std::map<std::string, std::string> values) {
    values["ca.crt"] = authority_.certificate;
    Value data = Value::object();
    for (const auto& [key, value] : values) data.set(key, base::base64_encode(value));
    create(api::kSecrets, "shop", json(R"({"metadata":{"name":"hook"}})").with("data", data));
  }
  Value with_secret(const std::string& more = "{}") {
    return about(more).with("secret", json(R"({"namespace":"shop","name":"hook"})"));
  }
  base::Result<Value> send_with(const Value& question) { return send(question, true, &api_); }

  runtime::real::OsRandom random_;
  http::pki::Credential authority_ = http::pki::make_ca("test", loop_.now(), base::hours(1));
  http::pki::Credential own_ = http::pki::issue_server(authority_, {"127.0.0.1"}, loop_.now(), base::hours(1)).value();
  std::unique_ptr<store::Store> store_ = store::make_memory_store(loop_);
  apiserver::ApiServer api_server_{*store_, loop_, random_, {}};
  apiserver::LocalClient api_{api_server_, loop_, {.user = "admin", .groups = {"system:masters"}}};
};

TEST_F(WebhookWithSecret, the_address_a_token_and_a_header_come_from_it_and_the_request_is_signed) {
  serve_tls();
  keep({{"url", address("/hook/T0/s3cret")}, {"key", "a key"}, {"token", "t0ken"}, {"team", "shop"}});
  Value question =
      with_secret(R"({"urlKey":"url","signingKey":"key","headers":[{"name":"X-Team","secretKey":"team"}]})");
  question.erase("url");
  const auto answer = send_with(question);
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(got_.size(), 1u);
  EXPECT_EQ(got_[0].target, "/hook/T0/s3cret");
  EXPECT_EQ(got_[0].headers.get("Authorization"), "Bearer t0ken");
  EXPECT_EQ(got_[0].headers.get("X-Team"), "shop");
  EXPECT_EQ(got_[0].headers.get("webhook-id"), "u-1");
  const std::string timestamp(got_[0].headers.get("webhook-timestamp"));
  EXPECT_NEAR(base::parse_double(timestamp).value_or(0), base::to_seconds(loop_.now().time_since_epoch()), 60);
  EXPECT_EQ(got_[0].headers.get("webhook-signature"), webhook_signature("a key", "u-1", timestamp, got_[0].body));
  EXPECT_EQ((*answer)["server"], Value("the address in Secret shop/hook, key url,"));
}

TEST_F(WebhookWithSecret, an_address_out_of_it_is_never_told) {
  serve_tls();
  keep({{"url", "https://127.0.0.1:1/s3cret"}});
  const auto answer = send_with(with_secret(R"({"urlKey":"url"})").with("url", Value()));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("the address in Secret shop/hook, key url,"));
  for (const char* part : {"s3cret", "127.0.0.1"}) EXPECT_THAT(answer.error().message, Not(HasSubstr(part)));
}

TEST_F(WebhookWithSecret, it_is_sent_over_tls_only_and_a_signature_everywhere) {
  serve();
  keep({{"url", address()}, {"key", "k"}, {"team", "shop"}});
  for (const char* more : {R"({"headers":[{"name":"X-Team","secretKey":"team"}]})", R"({"urlKey":"url"})"}) {
    const auto answer = send_with(with_secret(more));
    ASSERT_FALSE(answer) << more;
    EXPECT_THAT(answer.error().message, HasSubstr("over TLS only"));
  }
  EXPECT_TRUE(got_.empty());
  ASSERT_TRUE(send_with(with_secret(R"({"signingKey":"key"})")));
  EXPECT_TRUE(got_.at(0).headers.has("webhook-signature"));
}

TEST_F(WebhookWithSecret, what_it_lacks_is_named) {
  serve_tls();
  const auto absent = send_with(with_secret());
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().message, "Secret shop/hook, which spec.webhook.secret names, does not exist");
  keep({{"key", "whsec_not base64!"}});
  EXPECT_THAT(send_with(with_secret(R"({"urlKey":"url"})")).error().message,
              HasSubstr("no key url, which spec.webhook.urlKey names"));
  EXPECT_THAT(send_with(with_secret(R"({"signingKey":"key"})")).error().message, HasSubstr("no usable key key"));
  EXPECT_THAT(send_with(with_secret(R"({"headers":[{"name":"X","secretKey":"y"}]})")).error().message,
              HasSubstr("no key y"));
  EXPECT_TRUE(got_.empty());
}

}  // namespace
}  // namespace slipway::gateway
