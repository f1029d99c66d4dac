target_link_libraries(slipway_expr PRIVATE PkgConfig::RE2)
