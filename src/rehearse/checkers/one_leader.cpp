// No write of an old term: a process sends nothing while the Lease does not name it.
//
// Asked when the write leaves the process, not when it arrives: who leads until then may have requests under way, and
// the next one waits until they have settled (control/lease_leadership.h). Events are news, not writes of a leader; the
// Lease is how leadership is found out.
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

class OneLeader final : public Checker {
 public:
  std::string_view name() const override { return "one-leader"; }
  std::optional<std::string> changed(const Truth&, const store::Change&) override { return {}; }

  std::optional<std::string> sent(const Truth& truth, const std::string& process,
                                  const client::Request& request) override {
    if (request.resource == api::kLeases || request.resource == api::kEvents) return {};
    const data::Value lease = truth.find(api::kLeases, "kube-system", "slipway-controller");
    const std::string_view holder = lease["spec"]["holderIdentity"].as_string();
    if (holder == process) return {};
    return process + " writes " + request.resource.plural + "/" + request.name + " while the lease names " +
           (holder.empty() ? "nobody" : std::string(holder));
  }
};

}  // namespace

std::unique_ptr<Checker> make_one_leader() { return std::make_unique<OneLeader>(); }

}  // namespace slipway::rehearse
