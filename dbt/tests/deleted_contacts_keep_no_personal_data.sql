select contact_id
from {{ ref('dim_contacts') }}
where is_deleted and (email is not null or first_name is not null or last_name is not null)
