// Whose logs are read.
#include "cli/logs.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace slipway::cli {
namespace {

using data::Value;

Value json(std::string_view text) {
  auto v = data::parse_json(text);
  SLIPWAY_CHECK(v.has_value());
  return *v;
}

Sight sight(const char* status) {
  Sight out;
  out.objects.release = json(R"({"metadata":{"name":"web","namespace":"shop"}})");
  out.objects.release.set("status", json(status));
  out.deployment = json(R"({"metadata":{"name":"web"}})");
  for (const char* labels : {R"({"pod-template-hash":"aaa"})", R"({"pod-template-hash":"bbb"})",
                             R"({"controller-revision-hash":"web-ccc"})"}) {
    Value pod = Value::object({{"metadata", Value::object({{"labels", json(labels)}})}});
    pod.set({"metadata", "name"}, "web-" + std::to_string(out.objects.pods.size()));
    out.objects.pods.push_back(pod);
  }
  return out;
}

std::string names(const base::Result<std::vector<Value>>& pods) {
  if (!pods) return (pods.error().code == base::Code::NotFound ? "not found: " : "") + pods.error().message;
  std::string out;
  for (const Value& pod : *pods) out += pod["metadata"]["name"].str() + " ";
  return out;
}

constexpr const char* kRejected = R"({"phase":"RolledBack","stable":{"revision":1,"hash":"aaa"},
    "rejected":{"revision":2,"hash":"bbb"},"history":[{"revision":3,"hash":"ccc"},{"revision":4,"hash":"ddd"}]})";

TEST(Logs, AreOfTheVersionThatIsAskedFor) {
  const Sight s = sight(R"({"stable":{"revision":1,"hash":"aaa"},"candidate":{"revision":2,"hash":"bbb"}})");
  EXPECT_EQ(names(pods_for_logs(s, {}, {})), "web-0 web-1 web-2 ");
  EXPECT_EQ(names(pods_for_logs(s, {.stable = true}, {})), "web-0 ");
  EXPECT_EQ(names(pods_for_logs(s, {.canary = true}, {})), "web-1 ");
  EXPECT_EQ(names(pods_for_logs(sight(R"({"stable":{"revision":1,"hash":"aaa"}})"), {.canary = true}, {})),
            "not found: there is no candidate");
}

TEST(Logs, AfterARollbackTheCandidateIsTheVersionThatWasRejected) {
  EXPECT_EQ(names(pods_for_logs(sight(kRejected), {.canary = true}, {})), "web-1 ");
  Sight gone = sight(kRejected);
  gone.objects.pods.erase(gone.objects.pods.begin() + 1);
  EXPECT_EQ(
      names(pods_for_logs(gone, {.canary = true}, {})),
      "not found: revision 2 has no pods any more, and their logs went with them (spec.rollback.keepPods lets some "
      "stay after a rollback); what was measured and decided is "
      "kept: slipway explain web@2 -n shop");
}

TEST(Logs, OfARevisionByItsNumber) {
  const Sight s = sight(kRejected);
  EXPECT_EQ(names(pods_for_logs(s, {}, 1)), "web-0 ");
  EXPECT_EQ(names(pods_for_logs(s, {.canary = true}, 2)), "web-1 ");
  EXPECT_EQ(names(pods_for_logs(s, {}, 3)), "web-2 ") << "pods that are replaced in place";
  EXPECT_TRUE(names(pods_for_logs(s, {}, 4)).contains("revision 4 has no pods any more"));
  EXPECT_EQ(names(pods_for_logs(s, {}, 9)), "not found: release/web remembers no revision 9");
}

}  // namespace
}  // namespace slipway::cli
