// Every kind of credential, right and wrong, against a TLS server: what is shown, and what the user is told.
#include "client/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <set>

#include "base/strings.h"
#include "client/find.h"
#include "client/https_client.h"
#include "client/kubeconfig.h"
#include "data/json.h"
#include "data/yaml.h"
#include "http/pki.h"
#include "http/server.h"
#include "http/test_relay.h"
#include "runtime/file.h"

namespace slipway::client {
namespace {

using base::Code;
using data::Value;
using ::testing::AllOf;
using ::testing::HasSubstr;

// An API server's front as far as credentials go: /version answers with who asks. A bearer token or a client
// certificate of its CA is needed, and `allowed` tells tokens.
class CredentialsTest : public testing::Test {
 protected:
  CredentialsTest() {
    std::string pattern = testing::TempDir() + "credentials-XXXXXX";
    folder = ::mkdtemp(pattern.data());
    now = loop.now();
    ca = http::pki::make_ca("test", now, base::hours(1));
    serve({"127.0.0.1"}, now);
  }
  ~CredentialsTest() override { std::filesystem::remove_all(folder); }

  void serve(const std::vector<std::string>& names, base::Time issued) {
    const auto own = http::pki::issue_server(ca, names, issued, base::hours(1));
    auto tls = http::TlsContext::make(http::TlsContext::Server{own->certificate, own->key, ca.certificate});
    server = std::move(*http::Server::start(
        {.listeners = {{.tls = *tls}}, .io_threads = 1},
        [this](http::Request request, http::ResponseWriter writer) { answer(std::move(request), std::move(writer)); }));
  }

  void answer(http::Request request, http::ResponseWriter writer) {
    std::lock_guard lock(mutex);
    ++requests;
    const std::string_view header = request.headers.get("Authorization");
    std::string who;
    if (header.starts_with("Bearer ")) {
      const std::string token(header.substr(7));
      if (allowed.contains(token)) who = "token " + token;
    } else if (request.peer.certificate) {
      who = "certificate " + request.peer.certificate->common_name;
    }
    if (const auto as = request.headers.get("Impersonate-User"); !as.empty()) who += " as " + std::string(as);
    if (who.empty())
      return writer.respond(
          401, {{"Content-Type", "application/json"}},
          http::bytes_of(
              R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401})"));
    writer.respond(200, {}, http::bytes_of(who));
  }

  std::string url() const { return "https://127.0.0.1:" + std::to_string(server->ports()[0]); }
  std::string file(const std::string& name, const std::string& text, mode_t mode = 0600) {
    EXPECT_TRUE(runtime::write_file(folder + "/" + name, text, mode).has_value());
    return folder + "/" + name;
  }
  http::pki::Credential issue(const http::pki::Credential& by, const std::string& name, base::Time from) {
    return *http::pki::issue_client(by, {name, {}}, from, base::hours(1));
  }

  // A kubeconfig with this user and, unless told otherwise, a correct cluster.
  std::string config(Value user, Value cluster = {}) {
    if (cluster.is_null())
      cluster = Value::object({{"certificate-authority-data", base::base64_encode(ca.certificate)}});
    if (!cluster.has("server")) cluster.set("server", url());
    const auto list = [](const char* name, const char* inner, Value content) {
      return Value::array({Value::object({{"name", name}, {inner, std::move(content)}})});
    };
    return file("config",
                data::to_yaml(Value::object(
                    {{"clusters", list("prod", "cluster", std::move(cluster))},
                     {"users", list("jane", "user", std::move(user))},
                     {"contexts", list("work", "context", Value::object({{"cluster", "prod"}, {"user", "jane"}}))},
                     {"current-context", "work"}})));
  }
  static Value certificate_user(const http::pki::Credential& c) {
    return Value::object({{"client-certificate-data", base::base64_encode(c.certificate)},
                          {"client-key-data", base::base64_encode(c.key)}});
  }
  Value exec_user(const std::string& script, Value more = Value::object()) {
    Value exec = Value::object({{"apiVersion", "client.authentication.k8s.io/v1"},
                                {"command", "./plugin"},
                                {"interactiveMode", "Never"},
                                {"env", Value::array({Value::object({{"name", "WHO"}, {"value", "robot"}})})}});
    for (const data::Member& m : more.members()) exec.set(m.key.str(), m.value);
    file("plugin", "#!/bin/sh\n" + script, 0700);
    return Value::object({{"exec", std::move(exec)}});
  }

  base::Result<std::string> ask(HttpsClient& client) {
    std::optional<base::Result<std::string>> got;
    client.raw("/version", "", [&](base::Result<std::string> answer) { got = std::move(answer); });
    while (!got) loop.run_one();
    return std::move(*got);
  }
  base::Result<std::string> ask(const std::string& path) {
    auto connection = find_connection({.kubeconfig = path});
    if (!connection) return base::fail(connection.error());
    auto client = HttpsClient::make(loop, *connection);
    if (!client) return base::fail(client.error());
    return ask(**client);
  }
  std::string problem(const std::string& path) {
    const auto answer = ask(path);
    return answer ? "no problem: " + *answer : answer.error().message;
  }

  runtime::real::Loop loop;
  base::Time now;
  std::string folder;
  http::pki::Credential ca;
  std::mutex mutex;
  std::set<std::string> allowed = {"good"};
  int requests = 0;
  std::unique_ptr<http::Server> server;
};

TEST_F(CredentialsTest, CertificateInlineAndInFiles) {
  const auto jane = issue(ca, "jane", now);
  EXPECT_EQ(*ask(config(certificate_user(jane))), "certificate jane");
  file("jane.pem", jane.certificate), file("jane.key", jane.key), file("ca.pem", ca.certificate);
  EXPECT_EQ(*ask(config(Value::object({{"client-certificate", "jane.pem"}, {"client-key", "jane.key"}}),
                        Value::object({{"certificate-authority", "ca.pem"}}))),
            "certificate jane");
}

TEST_F(CredentialsTest, TokenAndImpersonation) {
  EXPECT_EQ(*ask(config(Value::object({{"token", "good"}}))), "token good");
  EXPECT_EQ(*ask(config(Value::object({{"token", "good"}, {"as", "bob"}}))), "token good as bob");
}

TEST_F(CredentialsTest, TokenFileIsReadAgainAfterARefusal) {
  const std::string token = file("token", "good\n");
  auto connection = find_connection({.kubeconfig = config(Value::object({{"tokenFile", "token"}}))});
  auto client = std::move(*HttpsClient::make(loop, *connection));
  EXPECT_EQ(*ask(*client), "token good");
  {
    std::lock_guard lock(mutex);
    allowed = {"better"};
  }
  file("token", "better\n");
  const auto refused = ask(*client);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::Unauthorized);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr(token), HasSubstr("user \"jane\"")));
  EXPECT_EQ(*ask(*client), "token better");
}

TEST_F(CredentialsTest, ExecPluginIsAskedOnceUntilItsAnswerExpires) {
  const std::string soon = base::format_time(now + base::hours(1));
  const std::string path = config(exec_user(
      "echo x >> " + folder +
      "/runs\ntest \"$WHO\" = robot || exit 3\ncat <<END\n"
      R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"good","expirationTimestamp":")" +
      soon + "\"}}\nEND\n"));
  auto client = std::move(*HttpsClient::make(loop, *find_connection({.kubeconfig = path})));
  EXPECT_EQ(*ask(*client), "token good");
  EXPECT_EQ(*ask(*client), "token good");
  EXPECT_EQ(*runtime::read_file(folder + "/runs"), "x\n");
  {
    std::lock_guard lock(mutex);
    allowed.clear();
  }
  EXPECT_THAT(ask(*client).error().message, HasSubstr("log in again"));
  EXPECT_FALSE(ask(*client).has_value());  // a refused answer is not shown again
  EXPECT_EQ(*runtime::read_file(folder + "/runs"), "x\nx\n");
}

TEST_F(CredentialsTest, ExecPluginMayGiveACertificateAndIsToldOfTheCluster) {
  const auto robot = issue(ca, "robot", now);
  const Value status = Value::object({{"clientCertificateData", robot.certificate}, {"clientKeyData", robot.key}});
  file("answer",
       data::to_json(Value::object(
           {{"apiVersion", "client.authentication.k8s.io/v1"}, {"kind", "ExecCredential"}, {"status", status}})));
  const std::string script = "printf %s \"$KUBERNETES_EXEC_INFO\" > " + folder + "/info\ncat " + folder + "/answer\n";
  EXPECT_EQ(*ask(config(exec_user(script, Value::object({{"provideClusterInfo", true}})))), "certificate robot");
  const Value info = *data::parse_json(*runtime::read_file(folder + "/info"));
  EXPECT_EQ(info["spec"]["cluster"]["server"].as_string(), url());
  EXPECT_FALSE(info["spec"]["interactive"].as_bool(true));
}

TEST_F(CredentialsTest, WhatAPluginDoesWrongIsTold) {
  EXPECT_THAT(problem(config(exec_user("echo 'session is over' >&2; exit 7\n"))),
              AllOf(HasSubstr("status 7"), HasSubstr("session is over"), HasSubstr("user \"jane\""),
                    HasSubstr(folder + "/config")));
  EXPECT_THAT(problem(config(exec_user("echo hello\n"))), HasSubstr("has not printed an ExecCredential"));
  EXPECT_THAT(
      problem(config(exec_user(
          R"(echo '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"good"}}')"))),
      HasSubstr("v1beta1, but client.authentication.k8s.io/v1 was asked for"));
  EXPECT_THAT(problem(config(exec_user(
                  R"(echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{}}')"))),
              HasSubstr("neither a token nor a certificate"));
  EXPECT_THAT(
      problem(config(exec_user("", Value::object({{"command", "no-such-plugin"}, {"installHint", "apt install it"}})))),
      AllOf(HasSubstr("no-such-plugin is not installed"), HasSubstr("apt install it")));
  EXPECT_THAT(problem(config(exec_user("", Value::object({{"apiVersion", "client.authentication.k8s.io/v1alpha1"}})))),
              HasSubstr("exec.apiVersion"));
}

TEST_F(CredentialsTest, WrongClientCertificatesAreTold) {
  EXPECT_THAT(problem(config(certificate_user(issue(ca, "jane", now - base::hours(5))))),
              AllOf(HasSubstr("has expired at"), HasSubstr("user \"jane\" in " + folder + "/config")));
  const auto other = http::pki::make_ca("other", now, base::hours(1));
  EXPECT_THAT(problem(config(certificate_user(issue(other, "jane", now)))),
              AllOf(HasSubstr("does not know who signed"), HasSubstr("user \"jane\"")));
  EXPECT_THAT(problem(config(Value::object())), HasSubstr("it has no credentials"));
  EXPECT_THAT(problem(config(Value::object({{"token", "bad"}}))),
              AllOf(HasSubstr("does not accept user \"jane\""), HasSubstr("get a new one")));
}

TEST_F(CredentialsTest, ServersThatAreNotTheRightOneAreTold) {
  const Value token = Value::object({{"token", "good"}});
  const auto other = http::pki::make_ca("other", now, base::hours(1));
  EXPECT_THAT(
      problem(config(token, Value::object({{"certificate-authority-data", base::base64_encode(other.certificate)}}))),
      AllOf(HasSubstr("is not signed by certificate-authority-data of cluster \"prod\""),
            HasSubstr(folder + "/config")));
  EXPECT_THAT(problem(config(token, Value::object())), HasSubstr("system's certificate authorities"));
  EXPECT_EQ(*ask(config(token, Value::object({{"insecure-skip-tls-verify", true}}))), "token good");
  serve({"api.example"}, now);
  EXPECT_THAT(problem(config(token)), HasSubstr("is for other names"));
  EXPECT_EQ(*ask(config(token, Value::object({{"certificate-authority-data", base::base64_encode(ca.certificate)},
                                              {"tls-server-name", "api.example"}}))),
            "token good");
  serve({"127.0.0.1"}, now - base::hours(5));
  EXPECT_THAT(problem(config(token)), HasSubstr("has expired, or this machine's clock is wrong"));
  const std::string gone = url();
  server.reset();
  EXPECT_THAT(
      problem(config(token, Value::object({{"server", gone},
                                           {"certificate-authority-data", base::base64_encode(ca.certificate)}}))),
      AllOf(HasSubstr("nothing listens at " + gone), HasSubstr("cluster \"prod\"")));
}

TEST_F(CredentialsTest, ThroughAProxy) {
  http::TestRelay proxy(0, true, "Basic " + base::base64_encode("me:p@ss"));
  const auto through = [&](const std::string& url_of_proxy) {
    return config(Value::object({{"token", "good"}}),
                  Value::object({{"certificate-authority-data", base::base64_encode(ca.certificate)},
                                 {"proxy-url", url_of_proxy}}));
  };
  const std::string at = "127.0.0.1:" + std::to_string(proxy.port());
  EXPECT_EQ(*ask(through("http://me:p%40ss@" + at)), "token good");
  EXPECT_EQ(proxy.accepted(), 1);
  EXPECT_THAT(problem(through("http://" + at)),
              AllOf(HasSubstr("asks for a user and a password"), HasSubstr("check proxy-url of cluster \"prod\"")));
  EXPECT_THAT(problem(through("socks5://" + at)), HasSubstr("socks5 proxies are not supported"));
}

TEST_F(CredentialsTest, ServiceAccountOfAPod) {
  file("token", "good"), file("ca.crt", ca.certificate), file("namespace", "shop");
  ::setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", std::to_string(server->ports()[0]).c_str(), 1);
  const auto connection = in_cluster(folder);
  ::unsetenv("KUBERNETES_SERVICE_HOST"), ::unsetenv("KUBERNETES_SERVICE_PORT");
  ASSERT_TRUE(connection.has_value()) << connection.error().message;
  EXPECT_EQ(connection->space, "shop");
  auto client = std::move(*HttpsClient::make(loop, *connection));
  EXPECT_EQ(*ask(*client), "token good");
  EXPECT_EQ(in_cluster(folder).error().code, Code::NotFound);
}

}  // namespace
}  // namespace slipway::client
