// The proxies are never given a name that means nothing to them: a Service that is not there, or a subset that they
// have not heard of yet or not any more. Requests that fall on it would fail.
//
// A Service or a subset has to be known before a route names it, and to stay until no route in force does.
#include "rehearse/checkers/checkers.h"
#include "rehearse/checkers/standing.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class KnownToRouter final : public Checker {
 public:
  std::string_view name() const override { return "known-to-router"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    if (change.entry->key.resource != api::kServices.qualified() || change.kind != store::Change::Kind::Delete)
      return {};
    for (const auto& [route, in_force] : truth.gateway.routes())
      if (const auto broken = nameless(truth, route, in_force)) return broken;
    return {};
  }

  std::optional<std::string> routed(const Truth& truth, const client::ObjectName& route,
                                    const ModelledGateway::Route& now) override {
    return nameless(truth, route, now);
  }

 private:
  static std::optional<std::string> nameless(const Truth& truth, const client::ObjectName& route,
                                             const ModelledGateway::Route& now) {
    if (clock_shortens_standing(truth)) return {};
    for (const auto& backend : now.backends) {
      const Routed& part = backend.part;
      if (part.share == 0) continue;
      if (!part.known)
        return "the proxies give " + std::to_string(part.share) + "/10000 of route " + route.name + " to subset " +
               part.subset + " of " + part.service + ", which they do not know";
      if (truth.find(api::kServices, route.space, part.service).is_null())
        return "the proxies give " + std::to_string(part.share) + "/10000 of route " + route.name + " to Service " +
               part.service + ", which is not there";
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<Checker> make_known_to_router() { return std::make_unique<KnownToRouter>(); }

}  // namespace slipway::rehearse
