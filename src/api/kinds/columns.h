// What `kubectl get` shows of each built-in kind.
#pragma once

#include <string>
#include <vector>

#include "api/scheme.h"

namespace slipway::api::kinds {

// Columns of the given kinds; NAME first, except for events.
std::vector<Column> pod_columns();
std::vector<Column> deployment_columns();
std::vector<Column> replica_set_columns();
std::vector<Column> stateful_set_columns();
std::vector<Column> daemon_set_columns();
std::vector<Column> controller_revision_columns();
std::vector<Column> claim_columns();  // of persistent volumes
std::vector<Column> service_columns();
std::vector<Column> node_columns();
std::vector<Column> event_columns();
std::vector<Column> namespace_columns();
std::vector<Column> config_map_columns();
std::vector<Column> secret_columns();
std::vector<Column> service_account_columns();
std::vector<Column> endpoint_slice_columns();
std::vector<Column> lease_columns();
std::vector<Column> role_columns();          // of roles and cluster roles
std::vector<Column> role_binding_columns();  // of both kinds of binding

// Pieces to build columns from.
using Cell = std::function<data::Value(const data::Value& object, base::Time now)>;
Column name_column();
Column age_column();
Column text_column(std::string name, std::string description, Cell value);
Column wide_column(std::string name, std::string description, Cell value);
Column integer_column(std::string name, std::string description, Cell value);

// "5m" since a metav1.Time; "<unknown>" without one.
std::string age_since(const data::Value& time, base::Time now);
// STATUS of a pod: its phase, or the more telling reason of a container.
std::string pod_status(const data::Value& pod);

}  // namespace slipway::api::kinds
