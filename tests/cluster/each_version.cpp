#include "each_version.h"

#include <map>

namespace slipway::tests {
namespace {

// Ended before the process, so that no folder stays behind.
class Beds final : public testing::Environment {
 public:
  base::Result<Bed*> of(const Assets& assets) {
    auto& bed = beds_[assets.folder];
    if (bed) return bed.get();
    auto started = Bed::start(assets);
    if (!started) return base::fail(started.error());
    bed = std::move(*started);
    return bed.get();
  }
  void TearDown() override {
    for (const auto& [folder, bed] : beds_)
      for (const auto& check : checks_)
        if (bed) check(*bed);
    beds_.clear();
  }
  void add(std::function<void(Bed&)> check) { checks_.push_back(std::move(check)); }

 private:
  std::vector<std::function<void(Bed&)>> checks_;
  std::map<std::string, std::unique_ptr<Bed>> beds_;
};

Beds& beds() {
  static Beds* const all = static_cast<Beds*>(testing::AddGlobalTestEnvironment(new Beds));
  return *all;
}

[[maybe_unused]] const Beds& registered = beds();
int spaces_made = 0;

}  // namespace

std::vector<Assets> EachVersion::versions() {
  const FoundAssets& found = find_assets();
  return found.all.empty() ? std::vector<Assets>{Assets{}} : found.all;
}

std::string EachVersion::name_of(const testing::TestParamInfo<Assets>& info) {
  std::string name = info.param.version.empty() ? "none" : info.param.version;
  for (char& c : name)
    if (!isalnum(static_cast<unsigned char>(c))) c = '_';
  return name + "_" + std::to_string(info.index);
}

void EachVersion::at_the_end(std::function<void(Bed&)> check) { beds().add(std::move(check)); }

void EachVersion::SetUp() {
  if (GetParam().folder.empty()) GTEST_SKIP() << find_assets().problem;
  ASSERT_EQ(find_assets().problem, "");
  const auto started = beds().of(GetParam());
  ASSERT_TRUE(started.has_value()) << started.error().message;
  api_ = (*started)->api();
}

Bed& EachVersion::bed() const { return **beds().of(GetParam()); }

std::string EachVersion::new_space() {
  const std::string name = "t-" + std::to_string(++spaces_made);
  const auto made = api().call(
      {.verb = client::Verb::Create,
       .resource = api::kNamespaces,
       .body = data::Value::object(
           {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", data::Value::object({{"name", name}})}})});
  EXPECT_TRUE(made.has_value()) << made.error().message;
  auto connected = cli::connect({.kubeconfig = bed().admin_kubeconfig(), .space = name});
  api_ = std::move(*connected);
  // Pods need the account, which the controller manager makes.
  EXPECT_TRUE(eventually([this] {
    return api()
        .fetch("/api/v1/namespaces/" + api().space() + "/serviceaccounts/default", "application/json")
        .has_value();
  }));
  return name;
}

bool EachVersion::eventually(const std::function<bool()>& holds, base::Duration limit) const {
  for (const base::Time since = api_->now(); api_->now() - since < limit;) {
    if (holds()) return true;
    if (!api_->pause(base::milliseconds(50))) return false;
  }
  return false;
}

}  // namespace slipway::tests
