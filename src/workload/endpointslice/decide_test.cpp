#include "workload/endpointslice/decide.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "api/meta.h"
#include "data/patch.h"
#include "data/yaml.h"

namespace slipway::workload::endpointslice {
namespace {

using control::Create;
using control::Decision;
using control::Delete;
using control::Effect;
using control::Patch;
using data::Value;

Value yaml(std::string_view text) { return *data::parse_yaml(text); }

Value service() {
  return yaml(
      "{metadata: {name: web, namespace: shop, uid: svc}, spec: {selector: {app: web}, ports: [{name: http, port: 80, "
      "targetPort: http}]}}");
}

Value pod(int number, bool ready = true, int port = 8080) {
  Value out = yaml(
      "{metadata: {namespace: shop}, spec: {nodeName: n1, containers: [{ports: [{name: http}]}]}, status: {phase: "
      "Running}}");
  out.set({"metadata", "name"}, "p" + std::to_string(number));
  out.set({"metadata", "uid"}, "u" + std::to_string(number));
  out.member("spec").member("containers").element(0).member("ports").element(0).set("containerPort", port);
  out.set({"status", "podIP"}, "10.244." + std::to_string(number / 200) + "." + std::to_string(number % 200 + 1));
  out.set({"status", "conditions"},
          Value::array({Value::object({{"type", "Ready"}, {"status", ready ? "True" : "False"}})}));
  return out;
}

// Keeps slices as the API would.
class Model {
 public:
  std::size_t pass(const std::vector<Value>& pods) {
    Observation seen{.service = service(), .pods = pods, .slices = {}, .is_taken = [this](const std::string& name) {
                       return slices.contains(name);
                     }};
    for (const auto& [name, slice] : slices) seen.slices.push_back(slice);
    const Decision decision = decide(seen, {});
    for (const Effect& effect : decision.effects) carry_out(effect);
    return decision.effects.size();
  }
  std::size_t endpoints() const {
    std::size_t count = 0;
    for (const auto& [name, slice] : slices) count += slice["endpoints"].size();
    return count;
  }
  std::map<std::string, Value> slices;

 private:
  void carry_out(const Effect& effect) {
    if (const auto* create = std::get_if<Create>(&effect)) {
      Value slice = create->object;
      slice.set({"metadata", "uid"}, "s" + std::to_string(++uids_));
      ASSERT_TRUE(slices.emplace(slice["metadata"]["name"].str(), slice).second);
    } else if (const auto* patch = std::get_if<Patch>(&effect)) {
      slices.at(patch->name) = data::apply_merge_patch(slices.at(patch->name), patch->body);
    } else {
      slices.erase(std::get<Delete>(effect).name);
    }
  }
  int uids_ = 0;
};

TEST(EndpointSlice, Tells_who_is_ready_and_who_is_leaving) {
  Value leaving = pod(3);
  leaving.set({"metadata", "deletionTimestamp"}, "2026-11-23T12:00:00Z");
  Model model;
  model.pass({pod(1), pod(2, false), leaving});
  ASSERT_EQ(model.slices.size(), 1u);
  std::map<std::string, std::string> told;
  const Value slice = model.slices.begin()->second;
  for (const Value& endpoint : slice["endpoints"].items()) {
    const Value& conditions = endpoint["conditions"];
    told[endpoint["targetRef"]["name"].str()] = std::string(conditions["ready"].as_bool() ? "ready " : "") +
                                                (conditions["serving"].as_bool() ? "serving " : "") +
                                                (conditions["terminating"].as_bool() ? "terminating" : "");
  }
  EXPECT_EQ(told,
            (std::map<std::string, std::string>{{"p1", "ready serving "}, {"p2", ""}, {"p3", "serving terminating"}}));
  EXPECT_EQ(slice["ports"].at(0)["port"].as_int(), 8080);
}

TEST(EndpointSlice, Pods_that_ended_or_have_no_address_are_left_out) {
  Value ended = pod(1), unborn = pod(2);
  ended.set({"status", "phase"}, "Succeeded");
  unborn.erase({"status", "podIP"});
  Model model;
  model.pass({ended, unborn});
  EXPECT_EQ(model.slices.size(), 1u);
  EXPECT_EQ(model.endpoints(), 0u);
}

TEST(EndpointSlice, Holds_at_most_a_hundred_endpoints) {
  std::vector<Value> pods;
  for (int i = 0; i < 250; ++i) pods.push_back(pod(i));
  Model model;
  model.pass(pods);
  EXPECT_EQ(model.slices.size(), 3u);
  EXPECT_EQ(model.endpoints(), 250u);
  EXPECT_EQ(model.pass(pods), 0u);
}

TEST(EndpointSlice, One_changed_pod_writes_one_slice) {
  std::vector<Value> pods;
  for (int i = 0; i < 250; ++i) pods.push_back(pod(i));
  Model model;
  model.pass(pods);
  pods[17] = pod(17, false);
  EXPECT_EQ(model.pass(pods), 1u);
  pods.push_back(pod(250));
  EXPECT_EQ(model.pass(pods), 1u);
}

TEST(EndpointSlice, Pods_with_other_port_numbers_get_a_slice_of_their_own) {
  Model model;
  model.pass({pod(1), pod(2, true, 9090)});
  std::set<std::int64_t> ports;
  for (const auto& [name, slice] : model.slices) ports.insert(slice["ports"].at(0)["port"].as_int());
  EXPECT_EQ(ports, (std::set<std::int64_t>{8080, 9090}));
  model.pass({pod(1)});
  EXPECT_EQ(model.slices.size(), 1u);
}

TEST(EndpointSlice, A_server_that_drops_empty_port_names_causes_no_rewrite) {
  Value unnamed = service();
  unnamed.set({"spec", "ports"}, Value::array({Value::object({{"port", 80}, {"targetPort", 8080}})}));
  Observation seen{
      .service = unnamed, .pods = {pod(1)}, .slices = {}, .is_taken = [](const std::string&) { return false; }};
  Value slice = std::get<Create>(decide(seen, {}).effects.at(0)).object;
  slice.member("ports").element(0).erase("name");
  seen.slices = {slice};
  EXPECT_TRUE(decide(seen, {}).effects.empty());
}

RC_GTEST_PROP(EndpointSlice, Every_pod_is_in_exactly_one_slice, ()) {
  Model model;
  for (int round = 0; round < 3; ++round) {
    std::vector<Value> pods;
    std::set<std::string> expected;
    for (int i = 0; i < 130; ++i) {
      if (*rc::gen::inRange(0, 3) == 0) continue;
      pods.push_back(pod(i, *rc::gen::arbitrary<bool>(), i % 7 == 0 ? 9090 : 8080));
      expected.insert("u" + std::to_string(i));
    }
    model.pass(pods);
    std::multiset<std::string> found;
    for (const auto& [name, slice] : model.slices) {
      RC_ASSERT(slice["endpoints"].size() <= kEndpointsPerSlice);
      for (const Value& endpoint : slice["endpoints"].items()) found.insert(endpoint["targetRef"]["uid"].str());
    }
    RC_ASSERT(found == std::multiset<std::string>(expected.begin(), expected.end()));
    RC_ASSERT(model.pass(pods) == 0u);
  }
}

}  // namespace
}  // namespace slipway::workload::endpointslice
