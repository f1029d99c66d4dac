// Lists, pages, tables and watches.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apiserver/object_bytes.h"
#include "apiserver/test_cluster.h"
#include "http/message.h"

namespace slipway::apiserver::testing {
namespace {

using data::Value;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> names(const Value& list) {
  std::vector<std::string> out;
  for (const Value& item : list["items"].items()) out.push_back(item["metadata"]["name"].str());
  return out;
}

void fill(Cluster& c, int count) {
  for (int i = 0; i < count; ++i)
    c.post(kMaps, config_map("m" + std::to_string(i), "1", i % 2 ? ", labels: {odd: \"yes\"}" : ""));
}

TEST(List, SelectsByLabelsAndFields) {
  Cluster c;
  fill(c, 4);
  std::string at = kMaps;
  EXPECT_THAT(names(c.get(at + "?labelSelector=odd").body), ElementsAre("m1", "m3"));
  EXPECT_THAT(names(c.get(at + "?labelSelector=!odd").body), ElementsAre("m0", "m2"));
  EXPECT_THAT(names(c.get(at + "?fieldSelector=metadata.name%3Dm2").body), ElementsAre("m2"));
  EXPECT_EQ(c.get(at + "?fieldSelector=data.key%3D1").status, 400);
  EXPECT_EQ(c.get(at + "?labelSelector=a+b").status, 400);
  Value all = c.get("/api/v1/configmaps").body;
  EXPECT_EQ(all["kind"], Value("ConfigMapList"));
  EXPECT_EQ(all["metadata"]["resourceVersion"], Value(std::to_string(c.store->published()->revision())));
}

TEST(List, PagesShowOneMoment) {
  Cluster c;
  fill(c, 5);
  Value first = c.get(std::string(kMaps) + "?limit=2").body;
  EXPECT_THAT(names(first), ElementsAre("m0", "m1"));
  EXPECT_EQ(first["metadata"]["remainingItemCount"], Value(3));
  c.remove(std::string(kMaps) + "/m3");
  c.post(kMaps, config_map("m2b"));
  Value second =
      c.get(std::string(kMaps) + "?limit=2&continue=" + http::percent_encode(first["metadata"]["continue"].as_string()))
          .body;
  EXPECT_THAT(names(second), ElementsAre("m2", "m3"));
  EXPECT_EQ(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
  Value third = c.get(std::string(kMaps) +
                      "?limit=2&continue=" + http::percent_encode(second["metadata"]["continue"].as_string()))
                    .body;
  EXPECT_THAT(names(third), ElementsAre("m4"));
  EXPECT_TRUE(third["metadata"]["continue"].is_null());
}

TEST(List, ACompactedPageOffersToGoOn) {
  Cluster c;
  fill(c, 4);
  Value first = c.get(std::string(kMaps) + "?limit=2").body;
  c.remove(std::string(kMaps) + "/m2");
  c.store->compact(c.store->published()->revision());
  Reply expired = c.get(std::string(kMaps) +
                        "?limit=2&continue=" + http::percent_encode(first["metadata"]["continue"].as_string()));
  EXPECT_EQ(expired.status, 410);
  EXPECT_EQ(expired.reason(), "Expired");
  std::string fresh = expired.body["metadata"]["continue"].str();
  EXPECT_THAT(names(c.get(std::string(kMaps) + "?limit=5&continue=" + http::percent_encode(fresh)).body),
              ElementsAre("m3"));
  EXPECT_EQ(c.get(std::string(kMaps) + "?continue=junk").status, 400);
}

TEST(List, ResourceVersions) {
  Cluster c;
  fill(c, 2);
  auto revision = c.store->published()->revision();
  c.remove(std::string(kMaps) + "/m0");
  std::string exact = std::string(kMaps) + "?resourceVersionMatch=Exact&resourceVersion=" + std::to_string(revision);
  EXPECT_THAT(names(c.get(exact).body), ElementsAre("m0", "m1"));
  EXPECT_THAT(names(c.get(std::string(kMaps) + "?resourceVersion=0").body), ElementsAre("m1"));
  Reply future = c.get(std::string(kMaps) + "?resourceVersion=99999");
  EXPECT_EQ(future.status, 504);
  EXPECT_EQ(future.body["details"]["causes"].at(0)["reason"], Value("ResourceVersionTooLarge"));
  EXPECT_EQ(future.header("Retry-After"), "1");
}

TEST(List, KeptBytesAreTheObjects) {
  Cluster c;
  fill(c, 3);
  Reply first = c.get(kMaps), second = c.get(kMaps);
  EXPECT_EQ(first.text, second.text);
  EXPECT_EQ(data::to_json(first.body) + "\n", first.text);
  for (const Value& item : first.body["items"].items())
    EXPECT_EQ(item, c.get(std::string(kMaps) + "/" + item["metadata"]["name"].str()).body);
  c.patch(std::string(kMaps) + "/m1", kMerge, R"({"data":{"key":"new"}})");
  EXPECT_EQ(c.get(kMaps).body["items"].at(1)["data"]["key"], Value("new"));
}

TEST(List, KeptBytesAreBounded) {
  Cluster c;
  fill(c, 20);
  ObjectBytes bytes(2'000);
  KindPtr kind(c.server.scheme(), c.server.scheme()->find("", "v1", "configmaps"));
  int seen = 0;
  c.store->published()->scan("configmaps", "", nullptr, [&](const store::EntryPtr& entry) {
    EXPECT_EQ(*bytes.find(kind, *entry), data::to_json(visible(*kind, *entry)));
    EXPECT_LE(bytes.size(), 2'000u);
    return ++seen > 0;
  });
  EXPECT_EQ(seen, 20);
  EXPECT_GT(bytes.size(), 0u);
}

TEST(List, TablesAndPartialMetadata) {
  Cluster c;
  c.post(kDeployments, deployment("web"));
  Reply table = c.get(kDeployments, kTable);
  EXPECT_EQ(table.body["kind"], Value("Table"));
  EXPECT_EQ(table.body["rows"].at(0)["cells"].at(0), Value("web"));
  EXPECT_EQ(table.body["rows"].at(0)["object"]["kind"], Value("PartialObjectMetadata"));
  Reply whole = c.get(std::string(kDeployments) + "?includeObject=Object", kTable);
  EXPECT_EQ(whole.body["rows"].at(0)["object"]["kind"], Value("Deployment"));
  Reply one = c.get(std::string(kDeployments) + "/web", kTable);
  EXPECT_EQ(one.body["rows"].size(), 1u);
  Reply partial = c.get(kDeployments, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
  EXPECT_EQ(partial.body["kind"], Value("PartialObjectMetadataList"));
  EXPECT_FALSE(partial.body["items"].at(0).has("spec"));
  EXPECT_EQ(c.get(kDeployments, "text/html").status, 406);
  EXPECT_THAT(c.get(kDeployments, "application/yaml").text, HasSubstr("kind: DeploymentList"));
}

TEST(Watch, TellsExistingThenChanges) {
  Cluster c;
  fill(c, 1);
  auto w = c.watch(std::string(kMaps) + "?watch=true");
  ASSERT_NE(w, nullptr);
  c.post(kMaps, config_map("new"));
  c.patch(std::string(kMaps) + "/new", kMerge, R"({"data":{"key":"2"}})");
  c.remove(std::string(kMaps) + "/new");
  EXPECT_THAT(w->story(), ElementsAre("ADDED m0", "ADDED new", "MODIFIED new", "DELETED new"));
  EXPECT_EQ(w->events.back()["object"]["metadata"]["resourceVersion"],
            Value(std::to_string(c.store->published()->revision())));
}

TEST(Watch, StartsStrictlyAfterAVersion) {
  Cluster c;
  fill(c, 3);
  std::string revision = c.get(std::string(kMaps) + "/m1").body["metadata"]["resourceVersion"].str();
  auto w = c.watch(std::string(kMaps) + "?watch=1&resourceVersion=" + revision);
  EXPECT_THAT(w->story(), ElementsAre("ADDED m2"));
}

TEST(Watch, LeavingTheSelectionIsADeletion) {
  Cluster c;
  fill(c, 2);
  auto w = c.watch(std::string(kMaps) + "?watch=true&labelSelector=odd%3Dyes&resourceVersion=" +
                   std::to_string(c.store->published()->revision()));
  c.patch(std::string(kMaps) + "/m1", kMerge, R"({"metadata":{"labels":{"odd":"no"}}})");
  c.patch(std::string(kMaps) + "/m1", kMerge, R"({"metadata":{"labels":{"odd":"yes"}}})");
  c.patch(std::string(kMaps) + "/m0", kMerge, R"({"data":{"key":"9"}})");
  EXPECT_THAT(w->story(), ElementsAre("DELETED m1", "ADDED m1"));
  EXPECT_EQ(w->events[0]["object"]["metadata"]["labels"]["odd"], Value("yes"));  // as it was last seen
}

TEST(Watch, ACompactedVersionIsAnErrorEvent) {
  Cluster c;
  fill(c, 2);
  c.store->compact(c.store->published()->revision());
  auto w = c.watch(std::string(kMaps) + "?watch=true&resourceVersion=1");
  ASSERT_EQ(w->events.size(), 1u);
  EXPECT_EQ(w->events[0]["type"], Value("ERROR"));
  EXPECT_EQ(w->events[0]["object"]["code"], Value(410));
  EXPECT_EQ(w->events[0]["object"]["reason"], Value("Expired"));
  EXPECT_TRUE(w->done);
}

TEST(Watch, InitialEventsEndWithABookmark) {
  Cluster c;
  fill(c, 1);
  auto w = c.watch(std::string(kMaps) +
                   "?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
  ASSERT_EQ(w->events.size(), 2u);
  EXPECT_EQ(w->events[1]["type"], Value("BOOKMARK"));
  EXPECT_EQ(w->events[1]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], Value("true"));
  EXPECT_EQ(c.get(std::string(kMaps) + "?watch=true&sendInitialEvents=true").status, 400);
}

TEST(Watch, BookmarksComeOnceAMinuteAndCarryTheNewestVersion) {
  Cluster c;
  auto w = c.watch(std::string(kMaps) + "?watch=true&allowWatchBookmarks=true");
  c.post(kPods, pod("elsewhere"));  // moves the revision, not this resource
  c.loop.run_for(base::seconds(61));
  ASSERT_EQ(w->events.size(), 1u);
  EXPECT_EQ(w->events[0]["type"], Value("BOOKMARK"));
  EXPECT_EQ(w->events[0]["object"]["metadata"]["resourceVersion"],
            Value(std::to_string(c.store->published()->revision())));
}

TEST(Watch, EndsAfterItsTimeout) {
  Cluster c;
  auto w = c.watch(std::string(kMaps) + "?watch=true&timeoutSeconds=5");
  c.loop.run_for(base::seconds(4));
  EXPECT_FALSE(w->done);
  c.loop.run_for(base::seconds(2));
  EXPECT_TRUE(w->done);
  c.post(kMaps, config_map("late"));
  EXPECT_THAT(w->events, IsEmpty());
}

TEST(Watch, EventsCanBeTables) {
  Cluster c;
  auto w = c.watch(std::string(kPods) + "?watch=true", kTable);
  c.post(kPods, pod("web"));
  ASSERT_EQ(w->events.size(), 1u);
  EXPECT_EQ(w->events[0]["object"]["kind"], Value("Table"));
  EXPECT_EQ(w->events[0]["object"]["rows"].at(0)["cells"].at(0), Value("web"));
}

TEST(Watch, WatchersOfOneChangeShareItsBytes) {
  class Counting final : public StreamSink {
   public:
    void frame(const FramePtr& frame, const Form& form) override { last = frame->bytes(form, {}); }
    void data(std::string_view) override {}
    void ended() override {}
    Bytes last;
  };
  Cluster c;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<Counting> sinks(10);
  for (Counting& sink : sinks) {
    Response response = c.raw({.target = std::string(kMaps) + "?watch=true"}, c.who);
    streams.push_back(std::move(std::get<std::unique_ptr<Stream>>(response.body)));
    streams.back()->start(sink);
  }
  c.loop.run_ready();
  c.post(kMaps, config_map("a"));
  for (const Counting& sink : sinks) {
    ASSERT_NE(sink.last, nullptr);
    EXPECT_EQ(sink.last.get(), sinks[0].last.get());
  }
}

TEST(Watch, NothingComesAfterTheStreamIsGone) {
  Cluster c;
  auto w = c.watch(std::string(kMaps) + "?watch=true");
  w->stream.reset();
  c.post(kMaps, config_map("a"));
  EXPECT_THAT(w->events, IsEmpty());
}

}  // namespace
}  // namespace slipway::apiserver::testing
