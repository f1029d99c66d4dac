#include "assets.h"

#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "base/strings.h"
#include "runtime/child.h"

namespace slipway::tests {
namespace {

constexpr std::string_view kNeeded[] = {"etcd", "kube-apiserver", "kube-controller-manager"};

std::string missing_in(const Assets& assets) {
  for (std::string_view name : kNeeded)
    if (!std::filesystem::exists(assets.program(std::string(name))))
      return assets.folder + " has no " + std::string(name);
  return {};
}

// "Kubernetes v1.33.13" without the word.
std::string version_of(const Assets& assets) {
  auto said = runtime::run_program({assets.program("kube-apiserver"), "--version"});
  if (!said) return {};
  const std::string text(base::trim(said->output));
  return text.substr(text.rfind(' ') + 1);
}

FoundAssets look() {
  const char* several = std::getenv("SLIPWAY_KUBEBUILDER_ASSETS");
  const char* one = std::getenv("KUBEBUILDER_ASSETS");
  FoundAssets found;
  for (std::string_view folder : base::split(several ? several : one ? one : "", ':')) {
    if (folder.empty()) continue;
    Assets assets{.folder = std::string(folder)};
    if (std::string missing = missing_in(assets); !missing.empty()) {
      found.problem = missing;
      continue;
    }
    assets.version = version_of(assets);
    found.all.push_back(std::move(assets));
  }
  if (found.all.empty() && found.problem.empty())
    found.problem =
        "no real control plane: KUBEBUILDER_ASSETS (or SLIPWAY_KUBEBUILDER_ASSETS, several folders with ':') names the "
        "folder of etcd, "
        "kube-apiserver and kube-controller-manager";
  return found;
}

}  // namespace

const FoundAssets& find_assets() {
  static const FoundAssets found = look();
  return found;
}

}  // namespace slipway::tests
