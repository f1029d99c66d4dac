#include "workload/claims/decide.h"

#include <gtest/gtest.h>

#include "api/meta.h"
#include "data/patch.h"
#include "data/yaml.h"

namespace slipway::workload::claims {
namespace {

using control::Decision;
using control::Patch;
using data::Value;

const base::Time kNow = *base::parse_time("2026-11-23T12:00:00Z");

Value claim_of(std::string_view spec = "") {
  return *data::parse_yaml("{metadata: {name: data, namespace: shop, uid: u1}, spec: {accessModes: [ReadWriteOnce], " +
                           std::string(spec) + " resources: {requests: {storage: 1Gi}}}, status: {phase: Pending}}");
}

Value after(Value claim, const Decision& decision) {
  for (const control::Effect& effect : decision.effects)
    claim = data::apply_merge_patch(claim, std::get<Patch>(effect).body);
  if (!decision.status.is_null()) claim.set("status", decision.status);
  return claim;
}

TEST(Claim, Gets_a_volume_of_its_own_and_is_protected) {
  const Value bound = after(claim_of(), decide({claim_of()}, kNow));
  EXPECT_EQ(bound["spec"]["volumeName"].as_string(), "pvc-u1");
  EXPECT_EQ(bound["status"]["phase"].as_string(), "Bound");
  EXPECT_EQ(bound["status"]["capacity"]["storage"].as_string(), "1Gi");
  EXPECT_EQ(bound["status"]["accessModes"], bound["spec"]["accessModes"]);
  EXPECT_TRUE(api::has_finalizer(bound, kProtection));
  EXPECT_EQ(after(bound, decide({bound}, kNow)), bound);
}

TEST(Claim, A_lost_status_is_written_again_and_room_may_grow) {
  Value bound = after(claim_of(), decide({claim_of()}, kNow));
  bound.erase("status");
  bound.set({"spec", "resources", "requests", "storage"}, "2Gi");
  const Decision again = decide({bound}, kNow);
  EXPECT_TRUE(again.effects.empty());
  EXPECT_EQ(again.status["capacity"]["storage"].as_string(), "2Gi");
}

TEST(Claim, Stays_as_long_as_a_pod_uses_it) {
  Value bound = after(claim_of(), decide({claim_of()}, kNow));
  bound.set({"metadata", "deletionTimestamp"}, "2026-11-23T12:00:00Z");
  EXPECT_EQ(decide({bound, true}, kNow), Decision{});
  EXPECT_FALSE(api::has_finalizer(after(bound, decide({bound, false}, kNow)), kProtection));
}

TEST(Claim, Says_what_a_folder_cannot_be) {
  for (const char* spec : {"volumeMode: Block,", "volumeName: disk-7,", "selector: {matchLabels: {a: b}},",
                           "dataSource: {kind: PersistentVolumeClaim, name: other},"}) {
    const Value claim = claim_of(spec);
    const Decision refused = decide({claim}, kNow);
    EXPECT_TRUE(refused.effects.empty());
    EXPECT_EQ(refused.status["phase"].as_string(), "Pending");
    EXPECT_EQ(refused.status["conditions"].at(0)["type"].as_string(), "Unsupported") << spec;
    EXPECT_EQ(refused.notes.size(), 1u);
    EXPECT_EQ(decide({after(claim, refused)}, kNow).notes.size(), 0u) << "told once";
  }
}

}  // namespace
}  // namespace slipway::workload::claims
