CASE
  WHEN IS_ROLE_IN_SESSION('${transformer}') OR IS_ROLE_IN_SESSION('${personal_data}') OR VAL IS NULL THEN VAL
  ELSE REGEXP_REPLACE(VAL, '[^@[:space:]<>"]+(@|%40)', '*****\\1')
END
