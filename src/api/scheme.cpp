#include "api/scheme.h"

#include <algorithm>

#include "api/kinds/family.h"

namespace slipway::api {
namespace {

std::shared_ptr<const Scheme> load_builtin() {
  auto scheme = std::make_shared<Scheme>();
  for (Kind& kind : kinds::load({kinds::meta(), kinds::volumes(), kinds::containers(), kinds::pod(), kinds::core(),
                                 kinds::apps(), kinds::discovery(), kinds::coordination(), kinds::rbac(),
                                 kinds::authorization(), kinds::authentication(), kinds::autoscaling(), kinds::policy(),
                                 kinds::apiextensions(), kinds::gateway(), kinds::slipway()}))
    scheme->add(std::move(kind));
  return scheme;
}

}  // namespace

std::shared_ptr<const Scheme> Scheme::builtin() {
  static const std::shared_ptr<const Scheme> scheme = load_builtin();
  return scheme;
}

const Kind* Scheme::find(std::string_view group, std::string_view version, std::string_view plural) const {
  for (const auto& kind : kinds_) {
    const Resource& r = kind->resource;
    if (r.plural == plural && r.group == group && r.version == version) return kind.get();
  }
  return nullptr;
}

const Kind* Scheme::find_kind(std::string_view api_version, std::string_view name) const {
  for (const auto& kind : kinds_)
    if (kind->resource.kind == name && kind->resource.api_version() == api_version) return kind.get();
  return nullptr;
}

void Scheme::add(Kind kind) { kinds_.push_back(std::make_shared<const Kind>(std::move(kind))); }

}  // namespace slipway::api
