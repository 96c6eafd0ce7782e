IS_ROLE_IN_SESSION('${transformer}')
OR IS_ROLE_IN_SESSION('${every_region}')
%{ for region, role in regions ~}
OR (LOWER(REGION) = '${region}' AND IS_ROLE_IN_SESSION('${role}'))
%{ endfor ~}
