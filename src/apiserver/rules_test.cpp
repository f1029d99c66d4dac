// The pure rules: URLs, negotiation, addresses, deletion.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "apiserver/addresses.h"
#include "apiserver/deletion.h"
#include "apiserver/read.h"
#include "apiserver/url.h"

namespace slipway::apiserver {
namespace {

using data::Value;

ApiRequest parsed(std::string_view method, std::string_view target) {
  auto request = parse_request({.method = method, .target = target}, {});
  EXPECT_TRUE(request.has_value()) << target;
  return std::get<ApiRequest>(*request);
}

TEST(Url, NamesThePlace) {
  EXPECT_EQ(parsed("GET", "/api/v1/pods").target, (Target{.version = "v1", .plural = "pods"}));
  EXPECT_EQ(parsed("GET", "/api/v1/namespaces/shop").target,
            (Target{.version = "v1", .plural = "namespaces", .name = "shop"}));
  EXPECT_EQ(parsed("GET", "/api/v1/namespaces/shop/status").target,
            (Target{.version = "v1", .plural = "namespaces", .name = "shop", .subresource = "status"}));
  EXPECT_EQ(parsed("PUT", "/apis/apps/v1/namespaces/shop/deployments/web/scale").target,
            (Target{.group = "apps",
                    .version = "v1",
                    .plural = "deployments",
                    .space = "shop",
                    .name = "web",
                    .subresource = "scale"}));
  EXPECT_EQ(parsed("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Adiscovery").target.name,
            "system:discovery");
}

TEST(Url, TellsTheVerb) {
  EXPECT_EQ(parsed("GET", "/api/v1/pods").verb, Verb::List);
  EXPECT_EQ(parsed("GET", "/api/v1/pods?watch=1").verb, Verb::Watch);
  EXPECT_EQ(parsed("GET", "/api/v1/namespaces/a/pods/b").verb, Verb::Get);
  EXPECT_EQ(parsed("DELETE", "/api/v1/namespaces/a/pods").verb, Verb::DeleteCollection);
  auto bad = parse_request({.method = "PUT", .target = "/api/v1/pods"}, {});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, base::Code::MethodNotAllowed);
}

TEST(Url, RefusesNonsense) {
  for (const char* target : {"/api/v1/pods?limit=many", "/api/v1/pods?resourceVersionMatch=Maybe",
                             "/api/v1/pods?dryRun=Some", "/api/v1/pods?fieldValidation=Perhaps", "/api/v1/%zz"})
    EXPECT_FALSE(parse_request({.method = "GET", .target = target}, {})) << target;
}

TEST(Url, OtherPathsStayPaths) {
  for (const char* target :
       {"/", "/api", "/api/v1", "/apis/apps/v1", "/openapi/v3/apis/apps/v1?hash=1", "/metrics", "/slipway/v1/ask/x"}) {
    auto request = parse_request({.method = "GET", .target = target}, {});
    EXPECT_TRUE(request && std::holds_alternative<PathRequest>(*request)) << target;
  }
}

RC_GTEST_PROP(Url, AnyTargetIsAnsweredOrRefused, (const std::string& target, const std::string& accept)) {
  (void)parse_request({.method = "GET", .target = "/api/v1/" + target, .accept = accept}, {});
}

TEST(Form, TakesTheFirstThatCanBeServed) {
  EXPECT_EQ(form_of("application/vnd.kubernetes.protobuf,application/json")->shape, Shape::Object);
  EXPECT_EQ(form_of("application/json;as=Table;v=v1;g=meta.k8s.io,application/json")->shape, Shape::Table);
  EXPECT_EQ(form_of("application/json;as=Other;v=v1;g=meta.k8s.io,application/yaml")->encoding, Encoding::Yaml);
  EXPECT_EQ(form_of("")->encoding, Encoding::Json);
  EXPECT_EQ(form_of("*/*")->encoding, Encoding::Json);
  EXPECT_EQ(form_of("image/png").error().code, base::Code::NotAcceptable);
}

TEST(Continue, ComesBack) {
  ContinueToken token{.revision = 42, .after = {.space = "a", .name = "b"}};
  auto back = ContinueToken::decode(token.encode());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->revision, 42u);
  EXPECT_EQ(back->after, token.after);
  EXPECT_FALSE(ContinueToken::decode("e30="));
}

TEST(Addresses, RangesAreChecked) {
  auto range = AddressRange::parse("10.96.0.0/16");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->at(1), "10.96.0.1");
  EXPECT_TRUE(range->contains(*parse_ipv4("10.96.255.254")));
  EXPECT_FALSE(range->contains(*parse_ipv4("10.96.255.255")));
  EXPECT_FALSE(range->contains(*parse_ipv4("10.97.0.1")));
  for (const char* bad : {"", "10.0.0.0", "10.0.0.0/7", "10.0.0.0/31", "10.0.0/16", "::1/64", "10.0.0.0/x"})
    EXPECT_FALSE(AddressRange::parse(bad)) << bad;
}

RC_GTEST_PROP(Addresses, TextComesBack, (std::uint32_t address)) {
  RC_ASSERT(parse_ipv4(format_ipv4(address)) == address);
}

const api::Kind& pods() { return *api::Scheme::builtin()->find("", "v1", "pods"); }
const base::Time kNow = base::Time(base::seconds(1'000'000));

Value running_pod(std::int64_t grace) {
  return Value::object({{"metadata", Value::object({{"name", "a"}, {"generation", 1}})},
                        {"spec", Value::object({{"nodeName", "n"}, {"terminationGracePeriodSeconds", grace}})}});
}

TEST(Deletion, GraceIsTheRequestsThenThePods) {
  auto own = std::get<Mark>(plan_deletion(pods(), running_pod(12), {}, kNow)).object;
  EXPECT_EQ(own["metadata"]["deletionGracePeriodSeconds"], Value(12));
  EXPECT_EQ(own["metadata"]["generation"], Value(2));
  auto asked = std::get<Mark>(plan_deletion(pods(), running_pod(12), {.grace_seconds = 3}, kNow)).object;
  EXPECT_EQ(asked["metadata"]["deletionTimestamp"], Value(base::format_time(kNow + base::seconds(3))));
  EXPECT_TRUE(std::holds_alternative<Erase>(plan_deletion(pods(), running_pod(12), {.grace_seconds = 0}, kNow)));
}

// However often and with whatever grace a pod is deleted, its time never moves away.
RC_GTEST_PROP(Deletion, DeadlinesOnlyComeNearer, (const std::vector<std::uint8_t>& graces)) {
  Value pod = running_pod(30);
  std::optional<base::Time> deadline;
  for (std::uint8_t grace : graces) {
    auto step = plan_deletion(pods(), pod, {.grace_seconds = grace}, kNow);
    if (std::holds_alternative<Erase>(step)) return;
    if (auto* mark = std::get_if<Mark>(&step)) pod = mark->object;
    auto now = base::parse_time(pod["metadata"]["deletionTimestamp"].as_string());
    RC_ASSERT(now.has_value());
    RC_ASSERT(!deadline || *now <= *deadline);
    deadline = now;
  }
}

TEST(Deletion, OptionsComeFromBodyOrQuery) {
  Options query;
  query.other = {{"gracePeriodSeconds", "7"}, {"propagationPolicy", "Orphan"}};
  auto both = delete_options(Value::object({{"propagationPolicy", "Foreground"}}), query);
  EXPECT_EQ(both->grace_seconds, 7);
  EXPECT_EQ(both->propagation, Propagation::Foreground);
  EXPECT_FALSE(delete_options(Value::object({{"propagationPolicy", "Sideways"}}), {}));
}

}  // namespace
}  // namespace slipway::apiserver
