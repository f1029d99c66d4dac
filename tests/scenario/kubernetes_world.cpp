#include "kubernetes_world.h"

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "bed.h"
#include "programs.h"
#include "runtime/file.h"

namespace slipway::tests {

using base::Code;
using base::Result;

namespace {

constexpr const char* kController = "system:serviceaccount:slipway-system:slipway-controller";

// What the modelled gateway writes; the rest it may read by the rights of the controllers.
constexpr const char* kGatewayRights = R"({"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "modelled-gateway"},
   "rules": [{"apiGroups": ["gateway.networking.k8s.io"], "resources": ["httproutes/status"], "verbs": ["patch"]}]},
  {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "modelled-gateway"},
   "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "modelled-gateway"},
   "subjects": [{"kind": "ServiceAccount", "name": "slipway-controller", "namespace": "slipway-system"}]}]})";

class KubernetesWorld final : public LiveWorld {
 public:
  KubernetesWorld(const Assets& assets, std::string log) : assets_(assets), log_(std::move(log)) {}

  Result<void> start() override {
    auto bed = Bed::start(assets_);
    if (!bed) return base::fail(bed.error());
    bed_ = std::move(*bed);
    if (auto prepared = prepare(); !prepared) return prepared;
    node_.emplace(start_slipway(
        {"node", "--modelled", "--schedule", "--kubeconfig", bed_->admin_kubeconfig(), "--name", "node"}, log_));
    start_controllers();
    return {};
  }
  std::string kubeconfig() const override { return bed_->admin_kubeconfig(); }
  Result<void> crash_controllers() override {
    controllers_.reset();  // SIGKILL
    start_controllers();
    return {};
  }

 private:
  // Definitions and rights.
  Result<void> prepare() {
    const auto installed = run_slipway({"install", "--kubeconfig", bed_->admin_kubeconfig()});
    if (installed.status != 0) return base::fail(Code::Unavailable, "slipway install: " + installed.output);
    const std::string rights = bed_->folder() + "/modelled-gateway.json";
    if (auto written = runtime::write_file(rights, kGatewayRights, 0600); !written) return written;
    for (const std::string& what : {gateway_api_definitions(), rights}) {
      const auto applied = bed_->kubectl({"apply", "--server-side", "-f", what});
      if (!applied) return base::fail(applied.error());
      if (applied->status != 0) return base::fail(Code::Unavailable, "kubectl apply -f " + what + " failed");
    }
    const auto served = bed_->kubectl({"wait", "--for=condition=Established", "crd", "--all", "--timeout=5m"});
    if (!served || served->status != 0) return base::fail(Code::Unavailable, "definitions were not established");
    return {};
  }

  // The identity stays, so that the lease of the one that was killed need not run out first.
  void start_controllers() {
    const auto config = bed_->kubeconfig({kController, {"system:serviceaccounts", "system:authenticated"}});
    controllers_.emplace(start_slipway({"controller", "--modelled-gateway", "--kubeconfig", config, "--lease-namespace",
                                        "slipway-system", "--identity", "scenarios"},
                                       log_));
  }

  const Assets assets_;
  const std::string log_;
  std::unique_ptr<Bed> bed_;
  std::optional<runtime::Child> node_, controllers_;
};

}  // namespace

std::string gateway_api_definitions() {
  const char* named = std::getenv("SLIPWAY_CONFORMANCE");
  const std::string folder =
      (named ? std::string(named) : std::string(SLIPWAY_SOURCE_DIR) + "/../shared/conformance") + "/crds/gateway-api";
  return std::filesystem::is_directory(folder) ? folder : "";
}

std::unique_ptr<LiveWorld> make_kubernetes_world(const Assets& assets, std::string log) {
  return std::make_unique<KubernetesWorld>(assets, std::move(log));
}

}  // namespace slipway::tests
