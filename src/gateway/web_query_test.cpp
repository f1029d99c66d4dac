// What an address says and how it is asked: pure parts, and a real server over HTTP and TLS.
#include "gateway/web_query.h"

#include <gtest/gtest.h>

#include <mutex>
#include <optional>

#include "api/resource.h"
#include "apiserver/local_client.h"
#include "apiserver/server.h"
#include "base/strings.h"
#include "data/json.h"
#include "gateway/test_objects.h"
#include "http/pki.h"
#include "http/server.h"
#include "store/memory_store.h"

namespace slipway::gateway {
namespace {

using base::Code;
using data::Value;
using test::json;

// --- reading answers --------------------------------------------------------------------------------------

base::Result<Value> read(const std::string& question, int status, const std::string& body) {
  return read_web_answer(json(question).with("url", "https://m.example/x?token=s3cret"), status, body);
}

TEST(WebAnswer, is_what_the_path_finds) {
  const std::string body =
      R"({"data":{"ratio":0.02,"n":480,"ok":true,"text":"fine","list":[1,2],"none":null,"o":{"a":1}},
    "items":[{"name":"a","v":1},{"name":"b","v":2}],"empty":[]})";
  const auto at = [&](const std::string& path) {
    auto answer = read_web_answer(Value::object({{"jsonPath", path}}), 200, body);
    EXPECT_TRUE(answer) << path << ": " << answer.error().message;
    return answer ? (*answer)["value"] : Value("error");
  };
  EXPECT_EQ(at("$.data.ratio"), Value(0.02));
  EXPECT_EQ(at("{$.data.n}"), Value(480)) << "as Argo Rollouts writes it";
  EXPECT_EQ(at("$.data.ok"), Value(true));
  EXPECT_EQ(at("$.data.text"), Value("fine"));
  EXPECT_EQ(at("$.data.list"), json("[1,2]"));
  EXPECT_EQ(at("$.data.o"), json(R"({"a":1})"));
  EXPECT_EQ(at("$.items[*].v"), json("[1,2]"));
  EXPECT_EQ(at("$.items[?(@.name==\"b\")].v"), Value(2));
  EXPECT_EQ(at("$.empty"), Value::array()) << "an empty list is an answer";
  EXPECT_TRUE(at("$.data.none").is_null());
  EXPECT_TRUE(at("$.items[?(@.name==\"c\")].v").is_null()) << "a selection without a match is no data";
  EXPECT_EQ(at("$")["items"].size(), 2u);
}

TEST(WebAnswer, without_a_path_is_the_whole_answer) {
  EXPECT_EQ((*read("{}", 200, "0.5"))["value"], Value(0.5));
  EXPECT_EQ((*read("{}", 204, ""))["value"], Value(""));
  EXPECT_EQ((*read("{}", 200, "all is well"))["value"], Value("all is well"));
  EXPECT_EQ((*read("{}", 200, R"({"a":[]})"))["value"], json(R"({"a":[]})"));
}

TEST(WebAnswer, tells_how_many_events_it_rests_on) {
  const std::string question = R"({"jsonPath":"$.v","samplesPath":"$.n"})";
  EXPECT_EQ((*read(question, 200, R"({"v":1,"n":480})"))["samples"], Value(480));
  EXPECT_EQ((*read(question, 200, R"({"v":1,"n":480.7})"))["samples"], Value(480));
  EXPECT_FALSE(read(question, 200, R"({"v":1,"n":null})")->has("samples"));
  for (const char* bad : {R"({"v":1,"n":-1})", R"({"v":1,"n":"many"})", R"({"v":1,"n":1e300})", R"({"v":1})"})
    EXPECT_FALSE(read(question, 200, bad)) << bad;
}

TEST(WebAnswer, what_is_wrong_names_the_address_without_its_query) {
  struct Case {
    const char* question;
    int status;
    std::string body;
    const char* says;
    Code code;
  };
  for (const Case& c :
       std::vector<Case>{{R"({"jsonPath":"$.v"})", 200, "<html>", "not JSON", Code::Invalid},
                         {R"({"jsonPath":"$.v"})", 200, "", "not JSON", Code::Invalid},
                         {R"({"jsonPath":"$.v.w"})", 200, R"({"v":1})", "has nothing at jsonPath $.v.w", Code::Invalid},
                         {R"({"jsonPath":"$[?("})", 200, "[]", "cannot read", Code::Invalid},
                         {"{}", 500, "oops", "status 500", Code::Unavailable},
                         {"{}", 302, "", "redirects are not followed", Code::Unavailable},
                         {"{}", 401, "", "provider.web.secret", Code::Unavailable},
                         {"{}", 404, "", "check provider.web.url", Code::Unavailable}}) {
    const auto answer = read(c.question, c.status, c.body);
    ASSERT_FALSE(answer) << c.says;
    EXPECT_EQ(answer.error().code, c.code) << c.says;
    EXPECT_TRUE(answer.error().message.starts_with("https://m.example/x: ")) << answer.error().message;
    EXPECT_TRUE(answer.error().message.contains(c.says)) << answer.error().message;
    EXPECT_FALSE(answer.error().message.contains("s3cret")) << answer.error().message;
  }
}

TEST(WebAnswer, of_a_status_check_is_the_status) {
  for (const int status : {200, 204, 302, 503})
    EXPECT_EQ((*read(R"({"statusOnly":true})", status, "whatever"))["value"], Value(status));
}

TEST(WebAddress, is_shown_without_its_secrets) {
  EXPECT_EQ(shown_url("https://ann:pw@m.example:8443/a/b?token=1#c"), "https://m.example:8443/a/b");
  EXPECT_EQ(shown_url("https://m.example"), "https://m.example");
  EXPECT_EQ(shown_url("https://m.example/a@b"), "https://m.example/a@b");
  EXPECT_EQ(shown_url("nonsense?x"), "nonsense");
}

TEST(WebHeaders, come_from_the_template_and_the_secret) {
  const Value secret = Value::object({{"data", Value::object({{"key", base::base64_encode("k3y\n")}})}});
  const auto headers = web_headers(
      json(R"({"body":"{}","headers":[{"name":"X-Key","secretKey":"key"},{"name":"X-Version","value":"h2"}]})"),
      secret);
  ASSERT_TRUE(headers) << headers.error().message;
  EXPECT_EQ(headers->get("X-Key"), "k3y");
  EXPECT_EQ(headers->get("X-Version"), "h2");
  EXPECT_EQ(headers->get("Content-Type"), "application/json");
  for (const char* bad : {R"({"name":"X-Key","secretKey":"absent"})", R"({"name":"a b","value":"c"})",
                          R"({"name":"","value":"c"})", R"({"name":"Host","value":"other"})",
                          R"({"name":"content-length","value":"1"})", R"({"name":"X","value":"a\r\nY: b"})"})
    EXPECT_FALSE(web_headers(Value::object({{"headers", Value::array({json(bad)})}}), secret)) << bad;
}

// --- asking -----------------------------------------------------------------------------------------------

// A real server; it remembers what it was asked.
class Web : public testing::Test {
 protected:
  void serve(std::shared_ptr<const http::TlsContext> tls = nullptr) {
    tls_ = tls != nullptr;
    server_ =
        http::Server::start({.listeners = {{.address = "127.0.0.1", .port = 0, .tls = std::move(tls)}}},
                            [this](http::Request request, http::ResponseWriter writer) {
                              const std::lock_guard lock(mutex_);
                              asked_ = request;
                              if (silent_) return kept_.push_back(std::move(writer));
                              writer.respond(status_, {{"Location", "http://169.254.169.254/"}}, http::bytes_of(body_));
                            })
            .value();
  }
  std::string address(const std::string& path = "/figures") {
    return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(server_->ports()[0]) + path;
  }
  base::Result<Value> ask(Value question, bool allow_loopback = true) {
    WebQuery port(loop_, {.allow_loopback = allow_loopback});
    std::optional<base::Result<Value>> answer;
    port.perform("id", question, [&](base::Result<Value> got) { answer = std::move(got); });
    EXPECT_FALSE(answer) << "answers come later";
    while (!answer) loop_.run_one();
    return *answer;
  }
  Value about(const std::string& path, const std::string& more = "{}") {
    Value question = json(more);
    return question.with("url", address(path));
  }

  runtime::real::Loop loop_;
  bool tls_ = false;
  std::mutex mutex_;
  http::Request asked_;
  int status_ = 200;
  std::string body_ = R"({"ratio":0.25,"n":8})";
  bool silent_ = false;
  std::vector<http::ResponseWriter> kept_;
  std::unique_ptr<http::Server> server_;
};

TEST_F(Web, a_value_is_got) {
  serve();
  const auto answer = ask(
      about("/figures?of=web", R"({"jsonPath":"$.ratio","samplesPath":"$.n","headers":[{"name":"X-A","value":"b"}]})"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, json(R"({"value":0.25,"samples":8})"));
  EXPECT_EQ(asked_.method, "GET");
  EXPECT_EQ(asked_.target, "/figures?of=web");
  EXPECT_EQ(asked_.headers.get("X-A"), "b");
}

TEST_F(Web, a_body_is_posted) {
  serve();
  ASSERT_TRUE(ask(about("/q", R"({"method":"POST","body":"{\"q\":1}","jsonPath":"$.n"})")));
  EXPECT_EQ(asked_.method, "POST");
  EXPECT_EQ(asked_.body, R"({"q":1})");
  EXPECT_EQ(asked_.headers.get("Content-Type"), "application/json");
}

TEST_F(Web, a_redirect_is_not_followed) {
  serve();
  status_ = 302;
  const auto answer = ask(about("/moved"));
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().message.contains("redirects are not followed")) << answer.error().message;
}

TEST_F(Web, silence_is_a_timeout_that_names_the_address) {
  serve();
  silent_ = true;
  const auto answer = ask(about("/slow?token=s3cret", R"({"timeout":"50ms"})"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::Timeout);
  EXPECT_TRUE(answer.error().message.contains("/slow")) << answer.error().message;
  EXPECT_FALSE(answer.error().message.contains("s3cret")) << answer.error().message;
}

TEST_F(Web, a_huge_answer_is_refused) {
  serve();
  body_.assign(kMostWebAnswer + 1, ' ');
  const auto answer = ask(about("/huge"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::TooLarge);
}

TEST_F(Web, this_machine_and_the_link_are_out_of_reach) {
  serve();
  const auto here = ask(about("/figures"), false);
  ASSERT_FALSE(here);
  EXPECT_EQ(here.error().code, Code::Forbidden);
  EXPECT_EQ(asked_.target, "");
  Value by_name = about("/figures");
  by_name.set("url", "http://localhost:" + std::to_string(server_->ports()[0]) + "/");
  EXPECT_EQ(ask(by_name, false).error().code, Code::Forbidden);
  for (const char* url :
       {"http://169.254.169.254/latest/meta-data", "http://[fe80::1]/", "http://metadata.google.internal/"})
    EXPECT_EQ(ask(Value::object({{"url", url}})).error().code, Code::Forbidden) << url;
}

TEST_F(Web, what_is_no_address_is_invalid) {
  for (const char* url : {"", "ftp://m.example/", "http://", "http://ann:pw@m.example/", "{{args.url}}"}) {
    const auto answer = ask(Value::object({{"url", url}}));
    ASSERT_FALSE(answer) << url;
    EXPECT_EQ(answer.error().code, Code::Invalid) << url;
    EXPECT_FALSE(answer.error().message.contains("pw")) << answer.error().message;
  }
}

TEST_F(Web, a_secret_is_not_sent_in_plain_text_and_not_without_rights) {
  serve();
  const std::string named = R"({"secret":{"namespace":"shop","name":"metrics"}})";
  const auto plain = ask(about("/figures", named));
  ASSERT_FALSE(plain);
  EXPECT_TRUE(plain.error().message.contains("https://")) << plain.error().message;
  const auto nobody = ask(json(named).with("url", "https://m.example/"));
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, Code::Unavailable);
  EXPECT_EQ(asked_.target, "");
}

// An API server with the Secret, and an address behind TLS that the Secret's authority vouches for.
class WebWithSecret : public Web {
 protected:
  WebWithSecret() {
    serve(*http::TlsContext::make(http::TlsContext::Server{.certificate = own_.certificate, .key = own_.key}));
    api_server_.start();
    create(api::kNamespaces, "", R"({"metadata":{"name":"shop"}})");
  }
  void create(const api::Resource& resource, const std::string& space, const std::string& object) {
    std::optional<client::Answer> answer;
    api_.call({.verb = client::Verb::Create, .resource = resource, .space = space, .body = json(object)},
              [&](client::Answer got) { answer = std::move(got); });
    while (!answer) loop_.run_one();
    ASSERT_TRUE(*answer) << answer->error().message;
  }
  void keep(const std::string& more) {
    create(api::kSecrets, "shop",
           R"({"metadata":{"name":"metrics"},"data":{"ca.crt":")" + base::base64_encode(authority_.certificate) + "\"" +
               more + "}}");
  }
  base::Result<Value> ask_with_secret(const std::string& more = "{}") {
    WebQuery port(loop_, {.allow_loopback = true, .secrets = &api_});
    std::optional<base::Result<Value>> answer;
    Value question = about("/figures", more);
    question.set("jsonPath", "$.ratio");
    question.set("secret", json(R"({"namespace":"shop","name":"metrics"})"));
    port.perform("id", question, [&](base::Result<Value> got) { answer = std::move(got); });
    while (!answer) loop_.run_one();
    return *answer;
  }

  runtime::real::OsRandom random_;
  http::pki::Credential authority_ = http::pki::make_ca("test", loop_.now(), base::hours(1));
  http::pki::Credential own_ = http::pki::issue_server(authority_, {"127.0.0.1"}, loop_.now(), base::hours(1)).value();
  std::unique_ptr<store::Store> store_ = store::make_memory_store(loop_);
  apiserver::ApiServer api_server_{*store_, loop_, random_, {}};
  apiserver::LocalClient api_{api_server_, loop_, {.user = "admin", .groups = {"system:masters"}}};
};

TEST_F(WebWithSecret, a_token_and_a_header_of_the_secret_are_sent) {
  keep(R"(,"token":")" + base::base64_encode("t0ken") + R"(","key":")" + base::base64_encode("k3y") + "\"");
  const auto answer = ask_with_secret(R"({"headers":[{"name":"X-Key","secretKey":"key"}]})");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ((*answer)["value"], Value(0.25));
  EXPECT_EQ(asked_.headers.get("Authorization"), "Bearer t0ken");
  EXPECT_EQ(asked_.headers.get("X-Key"), "k3y");
}

TEST_F(WebWithSecret, a_secret_that_cannot_be_used_is_named) {
  const auto absent = ask_with_secret();
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().message, "Secret shop/metrics, which provider.web.secret names, does not exist");
  keep(R"(,"username":")" + base::base64_encode("ann") + "\"");
  const auto half = ask_with_secret();
  ASSERT_FALSE(half);
  EXPECT_EQ(half.error().message, "Secret shop/metrics: username and password belong together");
  EXPECT_EQ(asked_.target, "");
}

TEST_F(WebWithSecret, a_server_that_nobody_vouches_for_is_told_nothing) {
  create(api::kSecrets, "shop",
         R"({"metadata":{"name":"metrics"},"data":{"token":")" + base::base64_encode("t0ken") + R"("}})");
  const auto answer = ask_with_secret();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::Unavailable) << answer.error().message;
  EXPECT_EQ(asked_.target, "");
}

}  // namespace
}  // namespace slipway::gateway
