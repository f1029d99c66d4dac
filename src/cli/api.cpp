#include "cli/api.h"

namespace slipway::cli {

base::Result<data::Value> Api::get(const api::Resource& resource, const std::string& name) {
  return call(
      {.verb = client::Verb::Get, .resource = resource, .space = resource.namespaced ? space_ : "", .name = name});
}

base::Result<data::Value> Api::list(const api::Resource& resource, const std::string& label_selector) {
  return call({.verb = client::Verb::List,
               .resource = resource,
               .space = resource.namespaced ? space_ : "",
               .label_selector = label_selector});
}

base::Result<data::Value> Api::patch(const api::Resource& resource, const std::string& name, client::PatchType type,
                                     data::Value body, const std::string& manager) {
  return call({.verb = client::Verb::Patch,
               .resource = resource,
               .space = resource.namespaced ? space_ : "",
               .name = name,
               .body = std::move(body),
               .patch_type = type,
               .field_manager = manager});
}

}  // namespace slipway::cli
