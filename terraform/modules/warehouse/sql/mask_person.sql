CASE
  WHEN IS_ROLE_IN_SESSION('${transformer}') OR IS_ROLE_IN_SESSION('${personal_data}') OR VAL IS NULL THEN VAL
  ELSE '*****' || COALESCE(REGEXP_SUBSTR(VAL, '(@|%40)[A-Za-z0-9.-]+$'), '')
END
